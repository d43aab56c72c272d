//! `key=value` words of the command line.

use serde_json::Value;

/// A word cut at its first `=`; the key is not empty.
pub fn split(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err(format!("{word:?} is no pair: give it as key=value")),
    }
}

/// A parameter: a JSON scalar keeps its type, everything else is text.
pub fn parameter(word: &str) -> Result<(String, Value), String> {
    let (key, text) = split(word)?;
    let value = match serde_json::from_str(&text) {
        Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        _ => Value::String(text),
    };
    Ok((key, value))
}

/// A metric: a number, NaN and infinities included.
pub fn metric(word: &str) -> Result<(String, f64), String> {
    let (key, text) = split(word)?;
    match text.trim().parse() {
        Ok(value) => Ok((key, value)),
        Err(_) => Err(format!(
            "{text:?} is no number, so it is no value of the metric {key:?}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_keeps_the_type_of_a_json_scalar() {
        for (word, value) in [
            ("lr=3e-4", json!(3e-4)),
            ("layers=3", json!(3)),
            ("bold=true", json!(true)),
            ("name=\"7\"", json!("7")),
            ("name=adam", json!("adam")),
            ("list=[1,2]", json!("[1,2]")),
            ("empty=", json!("")),
            ("nothing=null", json!("null")),
        ] {
            assert_eq!(parameter(word).unwrap().1, value, "{word}");
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        assert!(split("loss").unwrap_err().contains("key=value"));
        assert!(split("=1").is_err());
        assert_eq!(split("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
    }

    #[test]
    fn a_metric_is_any_float_and_nothing_else() {
        assert_eq!(metric("loss=1e-3"), Ok(("loss".to_owned(), 1e-3)));
        assert!(metric("loss=NaN").unwrap().1.is_nan());
        assert!(metric("loss=-inf").unwrap().1.is_infinite());
        assert!(metric("loss=low").unwrap_err().contains("no number"));
    }
}
