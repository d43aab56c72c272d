//! The part of YAML that `MLflow` writes into its `meta.yaml`: keys with texts, and keys with such keys below them.
//!
//! Invariants: what is outside of that part is an error with its line, never a guess; what stands before the error is
//! kept, so a file that was cut short still says what it says.

/// A file of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Yaml {
    entries: Vec<(String, Node)>,
    /// What is wrong, and in which line, counted from 1.
    pub wrong: Option<(usize, String)>,
}

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Null,
    Text(String),
    Keys(Vec<(String, Node)>),
    /// A list, of which nothing is needed.
    List,
}

impl Yaml {
    /// What says nothing, because its file cannot be read.
    pub fn unreadable(error: &std::io::Error) -> Yaml {
        Yaml {
            entries: Vec::new(),
            wrong: Some((0, format!("cannot be read: {error}"))),
        }
    }

    /// Reads as much as can be read.
    pub fn read(text: &str) -> Yaml {
        let mut reader = Reader {
            lines: text.lines().collect(),
            at: 0,
        };
        let mut yaml = Yaml::default();
        if let Err(what) = reader.keys(0, &mut yaml.entries) {
            yaml.wrong = Some((reader.at.max(1), what));
        } else if !text.is_empty() && !text.ends_with('\n') {
            // Nobody knows how the last value went on.
            yaml.entries.pop();
            let what = "the line has no end: the file is cut short";
            yaml.wrong = Some((reader.lines.len(), what.into()));
        }
        yaml
    }

    /// What a key says; `None` when it says nothing.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.find(key)? {
            Node::Text(text) => Some(text),
            Node::Null | Node::Keys(_) | Node::List => None,
        }
    }

    /// The same as a whole number.
    pub fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    /// The keys below a key, with what they say.
    pub fn below(&self, key: &str) -> Vec<(String, String)> {
        let Some(Node::Keys(keys)) = self.find(key) else {
            return Vec::new();
        };
        let texts = keys.iter().filter_map(|(key, node)| match node {
            Node::Text(text) => Some((key.clone(), text.clone())),
            Node::Null | Node::Keys(_) | Node::List => None,
        });
        texts.collect()
    }

    /// Whether the key stands there, whatever it says.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &str) -> Option<&Node> {
        let found = self.entries.iter().find(|(name, _)| name == key);
        found.map(|(_, node)| node)
    }
}

type Read<T> = Result<T, String>;

struct Reader<'t> {
    lines: Vec<&'t str>,
    /// The line that comes next.
    at: usize,
}

impl<'t> Reader<'t> {
    /// The keys that are indented like this, and no further down.
    fn keys(&mut self, indent: usize, keys: &mut Vec<(String, Node)>) -> Read<()> {
        while let Some(line) = self.peek() {
            let depth = depth(line);
            if depth < indent {
                return Ok(());
            }
            self.at += 1;
            if depth > indent {
                return Err("a line that is indented more than the key it belongs to".into());
            }
            let (key, rest) = key(&line[depth..])?;
            let node = self.value(rest, indent)?;
            keys.push((key, node));
        }
        Ok(())
    }

    /// The next line that says something.
    fn peek(&mut self) -> Option<&'t str> {
        loop {
            let line = *self.lines.get(self.at)?;
            let said = line.trim();
            if !said.is_empty() && !said.starts_with('#') && said != "---" && said != "..." {
                return Some(line);
            }
            self.at += 1;
        }
    }

    fn value(&mut self, rest: &str, indent: usize) -> Read<Node> {
        match rest.as_bytes().first() {
            None | Some(b'#') => self.block(indent),
            Some(b'\'') => self.quoted('\'', &rest[1..]).map(Node::Text),
            Some(b'"') => self.quoted('"', &rest[1..]).map(Node::Text),
            Some(b'{') if rest == "{}" => Ok(Node::Keys(Vec::new())),
            Some(b'[') if rest == "[]" => Ok(Node::List),
            Some(first @ (b'{' | b'[' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`')) => {
                Err(format!(
                    "a value that begins with {:?}, which MLflow does not write",
                    char::from(*first)
                ))
            }
            Some(_) => Ok(self.plain(rest, indent)),
        }
    }

    /// What stands below a key.
    fn block(&mut self, indent: usize) -> Read<Node> {
        let Some(line) = self.peek() else {
            return Ok(Node::Null);
        };
        let below = depth(line);
        let is_item = |line: &str| line.trim_start().starts_with("- ") || line.trim() == "-";
        if is_item(line) && below >= indent {
            while let Some(line) = self.peek() {
                if depth(line) < below || (depth(line) == below && !is_item(line)) {
                    break;
                }
                self.at += 1;
            }
            return Ok(Node::List);
        }
        if below <= indent {
            return Ok(Node::Null);
        }
        let mut keys = Vec::new();
        self.keys(below, &mut keys)?;
        Ok(Node::Keys(keys))
    }

    /// A text without quotes, which goes on in lines that are indented more than its key.
    fn plain(&mut self, first: &str, indent: usize) -> Node {
        let mut text = without_comment(first).to_owned();
        let mut blank = 0;
        while let Some(line) = self.lines.get(self.at + blank) {
            if line.trim().is_empty() {
                blank += 1;
                continue;
            }
            if depth(line) <= indent {
                break;
            }
            fold(&mut text, blank);
            text.push_str(without_comment(line.trim_start()));
            self.at += blank + 1;
            blank = 0;
        }
        match text.as_str() {
            "null" | "~" | "Null" | "NULL" => Node::Null,
            _ => Node::Text(text),
        }
    }

    /// A text in quotes, behind the first of them.
    fn quoted(&mut self, quote: char, first: &str) -> Read<String> {
        let mut text = String::new();
        let mut line = first;
        loop {
            let end = match quote {
                '"' => double(line, &mut text)?,
                _ => single(line, &mut text),
            };
            let is_joined = match end {
                End::Closed("") => return Ok(text),
                End::Closed(rest) if rest.trim_start().starts_with('#') => return Ok(text),
                End::Closed(_) => return Err("something stands behind a closing quote".into()),
                End::Open { is_joined } => is_joined,
            };
            let mut blank = 0;
            line = loop {
                let next = self.lines.get(self.at).map(|line| line.trim());
                let next = next.ok_or("a quote that is not closed: the file is cut short")?;
                self.at += 1;
                if !next.is_empty() {
                    break next;
                }
                blank += 1;
            };
            if !is_joined {
                fold(&mut text, blank);
            }
        }
    }
}

/// Where a line of a quoted text ends.
enum End<'t> {
    /// At its quote; this stands behind it.
    Closed(&'t str),
    /// With the line. Joined lines have no blank between them.
    Open { is_joined: bool },
}

fn single<'t>(line: &'t str, text: &mut String) -> End<'t> {
    let mut rest = line;
    while let Some(at) = rest.find('\'') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('\'') {
            Some(after) => rest = after,
            None => return End::Closed(rest.trim_end()),
        }
        text.push('\'');
    }
    text.push_str(rest.trim_end());
    End::Open { is_joined: false }
}

fn double<'t>(line: &'t str, text: &mut String) -> Read<End<'t>> {
    let mut characters = line.char_indices();
    // Blanks that were written as escapes stay at the end of a line.
    let mut kept = text.len();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(End::Closed(line[at + 1..].trim_end())),
            '\\' => {
                let Some((at, escape)) = characters.next() else {
                    return Ok(End::Open { is_joined: true });
                };
                let len = match escape {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                text.push(match len {
                    0 => short_escape(escape)?,
                    _ => code_point(line.get(at + 1..at + 1 + len))?,
                });
                for _ in 0..len {
                    characters.next();
                }
                kept = text.len();
            }
            _ => text.push(character),
        }
    }
    while text.len() > kept && text.ends_with([' ', '\t']) {
        text.pop();
    }
    Ok(End::Open { is_joined: false })
}

fn short_escape(escape: char) -> Read<char> {
    Ok(match escape {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        '"' | '\\' | '/' | ' ' => escape,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return Err(format!("the escape \\{escape}, which YAML does not know")),
    })
}

fn code_point(digits: Option<&str>) -> Read<char> {
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let character = code.and_then(char::from_u32);
    character.ok_or_else(|| "an escape that names no character".into())
}

/// A line's end inside of a text is a blank, and each empty line behind it a line's end.
fn fold(text: &mut String, blank: usize) {
    if blank == 0 {
        text.push(' ');
    }
    (0..blank).for_each(|_| text.push('\n'));
}

fn depth(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn without_comment(text: &str) -> &str {
    let end = text.find(" #").unwrap_or(text.len());
    text[..end].trim_end()
}

/// A key, and what stands behind its colon.
fn key(line: &str) -> Read<(String, &str)> {
    let no_key = || format!("{:?} is no key with a value", shown(line));
    let mut key = String::new();
    let rest = match line.as_bytes().first() {
        Some(b'\'') => match single(&line[1..], &mut key) {
            End::Closed(rest) => rest.strip_prefix(':').ok_or_else(no_key)?,
            End::Open { .. } => return Err(no_key()),
        },
        Some(b'"') => match double(&line[1..], &mut key)? {
            End::Closed(rest) => rest.strip_prefix(':').ok_or_else(no_key)?,
            End::Open { .. } => return Err(no_key()),
        },
        Some(b'?' | b'-' | b'[' | b'{' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'\t') => {
            return Err(no_key());
        }
        _ => {
            let ended = line.strip_suffix(':').map(|key| (key, ""));
            let parted = line.split_once(": ").or(ended).ok_or_else(no_key)?;
            parted.0.clone_into(&mut key);
            parted.1
        }
    };
    Ok((key, rest.trim()))
}

fn shown(line: &str) -> String {
    line.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(written: &str) -> Option<String> {
        let yaml = Yaml::read(&format!("before: 1\nname: {written}\nuser_id: ada\n"));
        assert_eq!(yaml.wrong, None, "{written}");
        assert_eq!(yaml.text("user_id"), Some("ada"), "{written}");
        yaml.text("name").map(str::to_owned)
    }

    #[test]
    fn texts_are_read_as_they_were_meant() {
        for (written, meant) in [
            ("plain", "plain"),
            ("'it''s: #1'", "it's: #1"),
            ("''", ""),
            (
                r#""a\nb \"c\" \xe9 \u00e9 \U0001F600""#,
                "a\nb \"c\" é é 😀",
            ),
            ("a long text\n  that goes on", "a long text that goes on"),
            ("'a long text\n  that goes on'", "a long text that goes on"),
            ("'a\n\n  b'", "a\nb"),
            ("\"a long\\\n  \\ text\"", "a long text"),
            ("http://somewhere:80/x", "http://somewhere:80/x"),
            ("'null'", "null"),
            ("text # and a comment", "text"),
        ] {
            assert_eq!(text(written).as_deref(), Some(meant), "{written}");
        }
        assert_eq!(text("null"), None);
        assert_eq!(text(""), None);
    }

    #[test]
    fn keys_below_a_key_and_lists_are_told_apart() {
        let yaml = Yaml::read(
            "tags:\n  mlflow.data.context: training\n  'a b': '2'\nlist:\n- 1\n- a: 2\n  b: 3\nnone: {}\nend: 7\n",
        );
        assert_eq!(yaml.wrong, None);
        let tags = [("mlflow.data.context", "training"), ("a b", "2")];
        assert_eq!(
            yaml.below("tags"),
            tags.map(|(key, value)| (key.to_owned(), value.to_owned()))
        );
        assert!(yaml.has("list") && yaml.below("none").is_empty());
        assert_eq!(yaml.number("end"), Some(7));
    }

    #[test]
    fn what_mlflow_does_not_write_is_an_error_with_its_line_and_what_was_before_is_kept() {
        for (written, line) in [
            ("a: 1\nb: &x 2\n", 2),
            ("a: 1\nb: *x\n", 2),
            ("a: 1\nb: !!python/object x\n", 2),
            ("a: 1\nb: {c: d}\n", 2),
            ("a: 1\nb: |\n  text\n", 2),
            ("a: 1\nlife", 2),
            ("a: 1\n\nb: 'cut sh", 3),
            ("a: 1\nb: \"cut \\", 2),
            ("a: 1\nb: 17", 2),
        ] {
            let yaml = Yaml::read(written);
            let wrong = yaml.wrong.as_ref().map(|(line, _)| *line);
            assert_eq!(
                (wrong, yaml.text("a")),
                (Some(line), Some("1")),
                "{written}"
            );
            assert_eq!(yaml.text("b"), None, "{written}");
        }
    }
}
