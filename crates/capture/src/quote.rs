//! Names as git writes them in a patch: as they are, or between quotes with escapes.
//!
//! Invariant: what git quotes comes back byte for byte.

/// Reads a name that starts at the front of `line`; answers with the name and what follows it. A name without quotes
/// reaches to the end of the line.
pub(crate) fn unquote(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(mut rest) = line.strip_prefix(b"\"") else {
        return Some((line.to_vec(), &[]));
    };
    let mut name = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        match byte {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (escaped, after) = escape(rest)?;
                name.push(escaped);
                rest = after;
            }
            _ => name.push(byte),
        }
    }
}

fn escape(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (&letter, after) = rest.split_first()?;
    let byte = match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        b'"' | b'\\' => letter,
        b'0'..=b'3' => {
            let (digits, after) = rest.split_at_checked(3)?;
            let text = std::str::from_utf8(digits).ok()?;
            return Some((u8::from_str_radix(text, 8).ok()?, after));
        }
        _ => return None,
    };
    Some((byte, after))
}

/// The two names of a `diff --git` line, without their prefixes. Where neither is quoted the line only tells them apart
/// when they are equal, which they are wherever git does not also write `rename from`.
pub(crate) fn names(line: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (first, second) = if line.first() == Some(&b'"') {
        let (first, rest) = unquote(line)?;
        let (second, _) = unquote(rest.strip_prefix(b" ")?)?;
        (first, second)
    } else if let Some(at) = quoted_second(line) {
        let (second, _) = unquote(&line[at..])?;
        (line[..at - 1].to_vec(), second)
    } else {
        let half = line.len() / 2;
        if line.get(half) != Some(&b' ') {
            return None;
        }
        (line[..half].to_vec(), line[half + 1..].to_vec())
    };
    let first = first.strip_prefix(b"a/")?.to_vec();
    let second = second.strip_prefix(b"b/")?.to_vec();
    Some((first, second))
}

/// Where a quoted second name starts, after a first one without quotes.
fn quoted_second(line: &[u8]) -> Option<usize> {
    if line.last() != Some(&b'"') {
        return None;
    }
    let at = line.windows(4).position(|window| window == b" \"b/")?;
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, first: &[u8], second: &[u8]) {
        let names = names(line.as_bytes());
        assert_eq!(names, Some((first.to_vec(), second.to_vec())), "{line}");
    }

    #[test]
    fn names_come_back_as_git_wrote_them() {
        check("a/plain b/plain", b"plain", b"plain");
        check("a/with space b/with space", b"with space", b"with space");
        check("a/x b/x b/x b/x", b"x b/x", b"x b/x");
        check(r#""a/q\"uote" "b/q\"uote""#, b"q\"uote", b"q\"uote");
        check(
            r#""a/\303\251\377\n\t\\" "b/\303\251\377\n\t\\""#,
            b"\xc3\xa9\xff\n\t\\",
            b"\xc3\xa9\xff\n\t\\",
        );
        check(r#"a/old "b/n\tew""#, b"old", b"n\tew");
        check(r#""a/o\tld" b/new"#, b"o\tld", b"new");
    }

    #[test]
    fn damaged_names_are_none() {
        for line in [
            "",
            "a/x",
            "a/x b/y z",
            r#""a/x"#,
            r#""a/\9" "b/\9""#,
            r#""a/\3" b/x"#,
        ] {
            assert_eq!(names(line.as_bytes()), None, "{line}");
        }
    }
}
