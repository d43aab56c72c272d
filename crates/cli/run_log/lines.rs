//! Lines of a training program's output as metric points.
//!
//! 1. A pure function of the line: what is accepted is known before anything is logged, and a line is
//!    accepted whole or not at all.
//! 2. `step` is the step and never a metric. A line that says nothing is skipped; a line that says
//!    something wrong is refused with the reason.

use regex::Regex;
use serde_json::Value;

/// How lines are read.
#[derive(Debug)]
pub enum LineForm {
    /// `step=3 loss=0.5`: words that are pairs of a name and a number; other words are skipped.
    Pairs,
    /// A pattern and the name of each of its groups.
    Pattern {
        regex: Regex,
        names: Vec<Option<String>>,
    },
    /// `{"step": 3, "loss": 0.5}`; nested objects become `a.b`.
    Json,
}

/// What one line says.
#[derive(Debug, Default, PartialEq)]
pub struct Points {
    pub step: Option<i64>,
    pub values: Vec<(String, f64)>,
}

impl LineForm {
    /// A group is named `(?<name>..)`, or by the word before it as in `loss=(\S+)`.
    pub fn pattern(text: &str) -> Result<LineForm, String> {
        let regex = Regex::new(text).map_err(|error| error.to_string())?;
        let mut names: Vec<Option<String>> = regex
            .capture_names()
            .map(|name| name.map(str::to_owned))
            .collect();
        let written = words_before_groups(text);
        for (name, written) in names.iter_mut().skip(1).zip(written) {
            if name.is_none() {
                *name = written;
            }
        }
        let unnamed = names.iter().skip(1).position(Option::is_none);
        match unnamed {
            Some(index) => Err(format!(
                "group {} has no name: write it as (?<name>..) or name=(..)",
                index + 1
            )),
            None if names.len() < 2 => {
                Err("the pattern has no group, so no line gives a value".to_owned())
            }
            None => Ok(LineForm::Pattern { regex, names }),
        }
    }

    /// `None` for a line that says nothing.
    pub fn read(&self, line: &str) -> Result<Option<Points>, String> {
        let points = match self {
            LineForm::Pairs => of_pairs(line)?,
            LineForm::Pattern { regex, names } => of_pattern(line, regex, names)?,
            LineForm::Json => of_json(line)?,
        };
        Ok(points.filter(|points| !points.values.is_empty()))
    }
}

impl Points {
    fn add(&mut self, name: &str, text: &str) -> Result<(), String> {
        if name == "step" {
            self.step = Some(
                text.parse()
                    .map_err(|_| format!("the step {text:?} is no whole number"))?,
            );
            return Ok(());
        }
        let text = text.trim_end_matches([',', ';']);
        let value = text
            .parse()
            .map_err(|_| format!("{name} is {text:?}, which is no number"))?;
        self.values.push((name.to_owned(), value));
        Ok(())
    }
}

fn of_pairs(line: &str) -> Result<Option<Points>, String> {
    let mut points = Points::default();
    for word in line.split_whitespace() {
        if let Some((name, text)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) {
            points.add(name, text)?;
        }
    }
    Ok(Some(points))
}

fn of_pattern(
    line: &str,
    regex: &Regex,
    names: &[Option<String>],
) -> Result<Option<Points>, String> {
    let Some(captures) = regex.captures(line) else {
        return Ok(None);
    };
    let mut points = Points::default();
    for (name, group) in names.iter().zip(captures.iter()).skip(1) {
        if let (Some(name), Some(group)) = (name, group) {
            points.add(name, group.as_str())?;
        }
    }
    Ok(Some(points))
}

fn of_json(line: &str) -> Result<Option<Points>, String> {
    if line.trim().is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    let Value::Object(members) = value else {
        return Err("no JSON object".to_owned());
    };
    let mut points = Points::default();
    for (name, value) in members {
        add_json(&mut points, &name, &value)?;
    }
    Ok(Some(points))
}

fn add_json(points: &mut Points, name: &str, value: &Value) -> Result<(), String> {
    match value {
        Value::Object(members) => members
            .iter()
            .try_for_each(|(key, value)| add_json(points, &format!("{name}.{key}"), value)),
        Value::Number(number) => points.add(name, &number.to_string()),
        Value::String(text) => points.add(name, text),
        Value::Null => Ok(()),
        other => Err(format!("{name} is {other}, which is no number")),
    }
}

/// For every capturing group of a pattern, the word that ends in `=` or `:` just before it.
fn words_before_groups(pattern: &str) -> Vec<Option<String>> {
    let mut names = Vec::new();
    let mut in_class = false;
    let mut characters = pattern.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => {
                characters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && is_capturing(&pattern[at + 1..]) => {
                names.push(word_before(&pattern[..at]));
            }
            _ => {}
        }
    }
    names
}

fn is_capturing(after: &str) -> bool {
    let is_lookbehind = after.starts_with("?<=") || after.starts_with("?<!");
    !after.starts_with('?')
        || ((after.starts_with("?<") || after.starts_with("?P<")) && !is_lookbehind)
}

fn word_before(before: &str) -> Option<String> {
    let blanks = ["\\s*", "\\s+", " *", " +", " "];
    let mut before = before;
    while let Some(rest) = blanks.iter().find_map(|blank| before.strip_suffix(blank)) {
        before = rest;
    }
    before = before.strip_suffix(['=', ':'])?;
    while let Some(rest) = blanks.iter().find_map(|blank| before.strip_suffix(blank)) {
        before = rest;
    }
    let is_part = |c: char| c.is_alphanumeric() || "_/-".contains(c);
    let start = before.rfind(|c: char| !is_part(c)).map_or(0, |at| at + 1);
    let word = &before[start..];
    // The letter of an escape such as `\d` belongs to the escape.
    let is_escape = before[..start].ends_with('\\');
    let word = if is_escape {
        word.get(1..).unwrap_or("")
    } else {
        word
    };
    (!word.is_empty()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(step: Option<i64>, values: &[(&str, f64)]) -> Points {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect();
        Points { step, values }
    }

    fn read(pattern: &str, line: &str) -> Result<Option<Points>, String> {
        LineForm::pattern(pattern)?.read(line)
    }

    #[test]
    fn numbered_groups_take_the_word_before_them() {
        let expected = Some(points(Some(17), &[("loss", 0.25)]));
        assert_eq!(
            read(r"step=(\d+) loss=(\S+)", "epoch 1 step=17 loss=0.25"),
            Ok(expected)
        );
        assert_eq!(
            read(r"val/loss: *(\S+)", "val/loss:  2"),
            Ok(Some(points(None, &[("val/loss", 2.0)])))
        );
        assert_eq!(
            read(r"\sloss\s*=\s*([0-9.(]+)", "the loss = 3"),
            Ok(Some(points(None, &[("loss", 3.0)])))
        );
    }

    #[test]
    fn named_groups_keep_their_names() {
        let expected = Some(points(Some(3), &[("acc", 0.5)]));
        assert_eq!(
            read(r"\[(?<step>\d+)\] (?P<acc>\S+)", "[3] 0.5"),
            Ok(expected)
        );
    }

    #[test]
    fn a_group_that_matched_nothing_gives_nothing() {
        let pattern = r"loss=(\S+)(?: acc=(\S+))?";
        assert_eq!(
            read(pattern, "loss=1"),
            Ok(Some(points(None, &[("loss", 1.0)])))
        );
        assert_eq!(read(pattern, "hello"), Ok(None));
    }

    #[test]
    fn a_pattern_that_can_give_no_value_is_refused() {
        assert!(
            LineForm::pattern(r"(\d+)")
                .unwrap_err()
                .contains("group 1 has no name")
        );
        assert!(LineForm::pattern("loss").unwrap_err().contains("no group"));
        assert!(LineForm::pattern("(").is_err());
    }

    #[test]
    fn json_lines_may_nest_and_hold_what_json_has_no_number_for() {
        let read = |line| LineForm::Json.read(line);
        let expected = Some(points(Some(2), &[("loss", 0.5), ("val.acc", 1.0)]));
        assert_eq!(
            read(r#"{"loss":0.5,"step":2,"val":{"acc":1}}"#),
            Ok(expected)
        );
        let nan = read(r#"{"loss":"NaN"}"#).unwrap().unwrap();
        assert!(nan.values[0].1.is_nan());
        assert_eq!(read("  "), Ok(None));
        assert!(read("{").unwrap_err().starts_with("no JSON"));
        assert!(read("[1]").is_err());
        assert!(
            read(r#"{"loss":true}"#)
                .unwrap_err()
                .contains("loss is true")
        );
    }

    #[test]
    fn pairs_are_found_among_other_words() {
        let read = |line| LineForm::Pairs.read(line);
        assert_eq!(
            read("epoch 3: loss=0.5, acc=1"),
            Ok(Some(points(None, &[("loss", 0.5), ("acc", 1.0)])))
        );
        assert_eq!(read("starting"), Ok(None));
        assert_eq!(read("step=3"), Ok(None));
        assert!(read("loss=low").unwrap_err().contains("no number"));
        assert!(
            read("step=1.5 loss=2")
                .unwrap_err()
                .contains("whole number")
        );
    }
}
