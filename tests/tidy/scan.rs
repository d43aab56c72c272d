//! A scan of Rust source that knows just enough: what is code, where functions begin and end, what only tests compile.
//!
//! Masking keeps every byte's place: comments, strings and character literals become spaces, line ends stay. So an
//! offset in the masked text is an offset in the source, and braces in the masked text are braces of code.

use std::ops::Range;

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    /// Line of the word `fn`, from 1.
    pub line: usize,
    /// Lines from the word `fn` to the closing brace, both included.
    pub line_count: usize,
}

/// The source with everything that is not code turned into spaces.
pub fn mask(source: &str) -> String {
    let mut masked = source.as_bytes().to_vec();
    let mut at = 0;
    while at < masked.len() {
        let end = literal_end(source.as_bytes(), at).unwrap_or(at);
        for byte in &mut masked[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(masked).expect("only whole characters were replaced")
}

/// Where the comment, string or character literal that starts at `at` ends; `None` when none starts there.
fn literal_end(source: &[u8], at: usize) -> Option<usize> {
    let rest = &source[at..];
    if rest.starts_with(b"//") {
        return Some(find(source, at, b"\n").unwrap_or(source.len()));
    }
    if rest.starts_with(b"/*") {
        return Some(block_comment_end(source, at));
    }
    match rest[0] {
        b'"' => Some(string_end(source, at)),
        b'\'' => character_end(source, at),
        b'b' | b'c' | b'r' if at == 0 || !is_word(source[at - 1]) => {
            prefixed_string_end(source, at)
        }
        _ => None,
    }
}

fn block_comment_end(source: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while at < source.len() {
        if source[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if source[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    source.len()
}

/// The end of a string whose opening quote is at `start`.
fn string_end(source: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < source.len() {
        match source[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    source.len()
}

/// `b".."`, `c".."`, `r".."`, `br#".."#` and so on; `r#word` and plain words are none of them.
fn prefixed_string_end(source: &[u8], start: usize) -> Option<usize> {
    let letters = source[start..]
        .iter()
        .take(2)
        .take_while(|byte| b"bcr".contains(byte))
        .count();
    let is_raw = source[start + letters - 1] == b'r';
    let hashes = source[start + letters..]
        .iter()
        .take_while(|byte| **byte == b'#')
        .count();
    let quote = start + letters + hashes;
    if source.get(quote) != Some(&b'"') || (hashes > 0 && !is_raw) {
        return None;
    }
    if !is_raw {
        return Some(string_end(source, quote));
    }
    let closing = [b"\"", "#".repeat(hashes).as_bytes()].concat();
    Some(find(source, quote + 1, &closing).map_or(source.len(), |end| end + closing.len()))
}

/// The end of a character literal; `None` for a lifetime.
fn character_end(source: &[u8], start: usize) -> Option<usize> {
    if source.get(start + 1) == Some(&b'\\') {
        return find(source, start + 3, b"'").map(|quote| quote + 1);
    }
    let text = std::str::from_utf8(&source[start + 1..]).ok()?;
    let closing = start + 1 + text.chars().next()?.len_utf8();
    (source.get(closing) == Some(&b'\'')).then_some(closing + 1)
}

/// Every function with a body in masked code, nested ones too.
pub fn functions(code: &str) -> Vec<Function> {
    let mut functions = Vec::new();
    for start in words(code, "fn") {
        let after = code[start + 2..].trim_start();
        let name: String = after
            .chars()
            .take_while(|c| c.is_alphanumeric() || "_$#".contains(*c))
            .collect();
        if name.is_empty() {
            continue; // A function pointer type.
        }
        if let Some(body) = body(code, start) {
            let line_count = code[start..body.end].matches('\n').count() + 1;
            functions.push(Function {
                name,
                line: line_of(code, start),
                line_count,
            });
        }
    }
    functions
}

/// The parts of masked code that only a test build compiles: items under `#[cfg(test)]` and functions under `#[test]`.
pub fn test_regions(code: &str) -> Vec<Range<usize>> {
    let mut regions = Vec::new();
    for (start, _) in code.match_indices("#[") {
        let Some(end) = find(code.as_bytes(), start, b"]") else {
            continue;
        };
        let attribute = &code[start + 2..end];
        let is_cfg = attribute.starts_with("cfg(") && !attribute.contains("not(");
        let is_test = !words(attribute, "test").is_empty();
        if is_test && (is_cfg || !attribute.contains('(')) {
            regions.push(start..body(code, end + 1).map_or(end, |body| body.end));
        }
    }
    regions
}

/// The braces of the item that starts at `start`; `None` when a semicolon ends it first.
fn body(code: &str, start: usize) -> Option<Range<usize>> {
    let bytes = code.as_bytes();
    let mut brackets = 0_i32;
    for at in start..bytes.len() {
        match bytes[at] {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if brackets == 0 => return None,
            b'{' if brackets == 0 => return Some(at..closing_brace(bytes, at)?),
            _ => {}
        }
    }
    None
}

fn closing_brace(code: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => continue,
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// Where `word` stands on its own. A word that ends in `!` or `(` needs no boundary after it.
pub fn words(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let ends_open = !is_word(*word.as_bytes().last().expect("a word is not empty"));
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| *at == 0 || !is_word(bytes[at - 1]))
        .filter(|at| {
            ends_open
                || bytes
                    .get(at + word.len())
                    .is_none_or(|next| !is_word(*next))
        })
        .collect()
}

/// The line of a byte, from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn find(source: &[u8], from: usize, needle: &[u8]) -> Option<usize> {
    let rest = source.get(from..)?;
    rest.windows(needle.len())
        .position(|window| window == needle)
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of the source, with runs of spaces made one.
    fn left(source: &str) -> String {
        let masked = mask(source);
        assert_eq!(masked.len(), source.len(), "masking moves nothing");
        masked.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_strings_and_characters_are_not_code() {
        assert_eq!(left("a // {\nb /* { /* { */ { */ c"), "a b c");
        assert_eq!(left(r#"a "{ \" { \\" b"#), "a b");
        assert_eq!(left("a '{' b '\\'' c '\\u{7b}' d 'é' e"), "a b c d e");
        assert_eq!(
            left(r##"a r#"{ " { \"# b br"{\" c b"{" d c"{" e"##),
            "a b c d e"
        );
        assert_eq!(
            left("a b'{' c"),
            "a b c",
            "the prefix of a byte is left, as a word that means nothing"
        );
    }

    #[test]
    fn lifetimes_raw_words_and_words_that_end_in_r_are_code() {
        assert_eq!(
            left("fn f<'a, 'b>(x: &'a str) {}"),
            "fn f<'a, 'b>(x: &'a str) {}"
        );
        assert_eq!(left("r#type + bar + c + var"), "r#type + bar + c + var");
        assert_eq!(
            left("'outer: loop { break 'outer; }"),
            "'outer: loop { break 'outer; }"
        );
    }

    #[test]
    fn text_that_ends_inside_a_literal_is_masked_to_its_end() {
        for source in ["a \"{", "a /* {", "a r#\"{\"", "a // {", "a '\\"] {
            assert!(!mask(source).contains('{'), "{source}");
        }
    }

    #[test]
    fn functions_are_measured_from_their_name_to_their_brace() {
        let code = mask(
            "fn a() {}\n\npub fn b<T>(x: [u8; 3]) -> T\nwhere\n    T: D,\n{\n    let s = \"}\";\n}\n",
        );
        let expected = [("a", 1, 1), ("b", 3, 6)];
        let found = functions(&code);
        let found: Vec<_> = found
            .iter()
            .map(|f| (f.name.as_str(), f.line, f.line_count))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn declarations_and_pointer_types_have_no_body() {
        assert_eq!(
            functions(
                "trait T { fn a(&self); }\nstruct S { f: fn(u8) -> u8 }\nfn b(f: fn() -> [u8; 2]);"
            ),
            []
        );
    }

    #[test]
    fn nested_functions_are_measured_too() {
        let names: Vec<_> = functions("fn a() {\n fn b() {\n }\n}")
            .into_iter()
            .map(|f| (f.name, f.line_count))
            .collect();
        assert_eq!(names, [("a".into(), 4), ("b".into(), 2)]);
    }

    #[test]
    fn test_regions_are_what_only_tests_compile() {
        let code = "fn a() { x }\n#[cfg(not(test))]\nfn b() { x }\n#[cfg(test)]\nmod t { y }\n#[cfg(all(test, unix))]\nfn c() { z }";
        let regions = test_regions(code);
        let inside: Vec<_> = regions
            .iter()
            .map(|region| code[region.clone()].chars().nth_back(2).unwrap())
            .collect();
        assert_eq!(inside, ['y', 'z']);
        assert_eq!(test_regions("#[test]\nfn a() { x }").len(), 1);
        assert_eq!(test_regions("#[tokio::test]\nfn a() { x }").len(), 1);
        assert_eq!(
            test_regions("#[derive(Debug)]\nstruct Latest { x: u8 }"),
            []
        );
    }
}
