//! Values on the command line: lengths, shares, and what is across.

use std::str::FromStr;

/// A length of paper, or of a screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    Mm(f64),
    Px(f64),
}

impl Length {
    pub fn mm(self, dpi: u32) -> f64 {
        match self {
            Length::Mm(mm) => mm,
            Length::Px(px) => px / f64::from(dpi) * 25.4,
        }
    }
}

/// A number and its unit; without one it is in mm.
pub fn parse_size(text: &str) -> Result<Length, String> {
    const UNITS: [(&str, f64); 4] = [("mm", 1.0), ("cm", 10.0), ("in", 25.4), ("pt", 25.4 / 72.0)];
    let text = text.trim();
    let number = |digits: &str| match digits.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err(format!(
            "{text:?} is no size: give it as 84mm, 8.4cm, 3.3in, 240pt or 1000px"
        )),
    };
    if let Some(digits) = text.strip_suffix("px") {
        return number(digits).map(Length::Px);
    }
    for (unit, mm) in UNITS {
        if let Some(digits) = text.strip_suffix(unit) {
            return number(digits).map(|value| Length::Mm(value * mm));
        }
    }
    number(text).map(Length::Mm)
}

pub fn parse_share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text:?} is no share: give it from 0 to 0.999")),
    }
}

/// What is across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Across {
    Step,
    Time,
    Relative,
    /// A metric, or a column of a scatter.
    Named(String),
}

impl FromStr for Across {
    type Err = String;

    fn from_str(text: &str) -> Result<Across, String> {
        Ok(match text {
            "" => return Err("nothing is named".to_owned()),
            "step" => Across::Step,
            "time" => Across::Time,
            "relative" => Across::Relative,
            name => Across::Named(name.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_is_in_millimetres() {
        for (text, mm) in [
            ("84", 84.0),
            ("84mm", 84.0),
            ("8.4 cm", 84.0),
            ("2in", 50.8),
            ("72pt", 25.4),
            ("300px", 25.4),
        ] {
            let length = parse_size(text).unwrap();
            assert!((length.mm(300) - mm).abs() < 1e-9, "{text}");
        }
        for text in ["", "mm", "-1mm", "nanmm", "infmm", "8 furlongs"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
