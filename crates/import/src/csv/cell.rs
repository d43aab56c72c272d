//! What a cell says: a number, a step, a time, a parameter.
//!
//! Invariant: a cell is what is written in it; nothing is guessed from the cells beside it.

use mltrack::{ParamValue, WallTime};

/// Whether a cell says that there is nothing.
pub(crate) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "null" | "NULL" | "None" | "-")
}

/// A number; with a decimal comma where something else parts the cells. NaN and the infinities are words.
pub(crate) fn number(cell: &str, has_decimal_comma: bool) -> Option<f64> {
    match cell.parse() {
        Ok(number) => Some(number),
        Err(_) if has_decimal_comma && cell.matches(',').count() == 1 && !cell.contains('.') => {
            cell.replacen(',', ".", 1).parse().ok()
        }
        Err(_) => None,
    }
}

/// A step: a whole number, also when it is written with a point.
pub(crate) fn step(cell: &str) -> Option<i64> {
    if let Ok(step) = cell.parse() {
        return Some(step);
    }
    let step: f64 = cell.parse().ok()?;
    (step.fract() == 0.0 && step.abs() < 9_007_199_254_740_992.0).then_some(step as i64)
}

/// A time: seconds, milli-, micro- or nanoseconds since the epoch, by their size, or a date and a time, in UTC unless it
/// says otherwise.
pub(crate) fn time(cell: &str) -> Option<WallTime> {
    if let Ok(number) = cell.parse::<f64>() {
        let scale = match number.abs() {
            size if size < 1e11 => 1e9,
            size if size < 1e14 => 1e6,
            size if size < 1e17 => 1e3,
            size if size < 9.2e18 => 1.0,
            _ => return None,
        };
        let whole = cell
            .parse::<i64>()
            .ok()
            .and_then(|whole| whole.checked_mul(scale as i64));
        return Some(WallTime(whole.unwrap_or((number * scale).round() as i64)));
    }
    let mut text = cell.replacen(' ', "T", 1);
    if text.len() == "2026-11-22".len() {
        text.push_str("T00:00:00");
    }
    let clock = text.split_once('T')?.1;
    if !clock.ends_with('Z') && !clock.contains(['+', '-']) {
        text.push('Z');
    }
    text.parse().ok()
}

/// A parameter: a whole number, a number, a truth, else a text.
pub(crate) fn param(cell: &str, has_decimal_comma: bool) -> ParamValue {
    match cell {
        "true" | "True" | "TRUE" => return ParamValue::Bool(true),
        "false" | "False" | "FALSE" => return ParamValue::Bool(false),
        _ => {}
    }
    // 007 and +7 are texts that look like numbers: as numbers they would be others.
    let whole = cell
        .parse::<i64>()
        .ok()
        .filter(|whole| whole.to_string() == cell);
    match (whole, number(cell, has_decimal_comma)) {
        (Some(whole), _) => ParamValue::Int(whole),
        (None, Some(number))
            if !cell.starts_with(['0', '+']) || cell.contains(['.', ',', 'e', 'E']) =>
        {
            ParamValue::Float(number)
        }
        _ => ParamValue::Text(cell.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_points_with_commas_and_as_words() {
        for (cell, value) in [
            ("1", 1.0),
            ("-2.5e-3", -0.0025),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ] {
            assert_eq!(number(cell, false), Some(value), "{cell}");
        }
        assert!(number("NaN", false).unwrap().is_nan() && number("nan", false).unwrap().is_nan());
        assert_eq!(
            (
                number("0,5", true),
                number("0,5", false),
                number("1,000,000", true)
            ),
            (Some(0.5), None, None)
        );
        assert_eq!(number("abc", true), None);
    }

    #[test]
    fn steps_are_whole() {
        assert_eq!(
            (step("12"), step("12.0"), step("-3"), step("1.5"), step("x")),
            (Some(12), Some(12), Some(-3), None, None)
        );
    }

    #[test]
    fn times_are_read_in_every_unit_and_as_dates() {
        let wanted = Some(WallTime(1_700_000_000_000_000_000));
        for cell in [
            "1700000000",
            "1700000000.0",
            "1700000000000",
            "1700000000000000",
            "1700000000000000000",
            "2023-11-14T22:13:20Z",
            "2023-11-14 22:13:20",
            "2023-11-14 23:13:20+01:00",
        ] {
            assert_eq!(time(cell), wanted, "{cell}");
        }
        assert!(time("2023-11-14").is_some());
        assert_eq!(
            (time("yesterday"), time("1e300"), time("nan")),
            (None, None, None)
        );
    }

    #[test]
    fn parameters_have_the_type_that_is_written() {
        for (cell, value) in [
            ("32", ParamValue::Int(32)),
            ("3e-4", ParamValue::Float(3e-4)),
            ("0.1", ParamValue::Float(0.1)),
            ("true", ParamValue::Bool(true)),
            ("007", ParamValue::Text("007".into())),
            ("adam", ParamValue::Text("adam".into())),
        ] {
            assert_eq!(param(cell, false), value, "{cell}");
        }
    }
}
