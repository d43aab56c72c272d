//! A size such as `32MiB`.

use std::str::FromStr;

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub usize);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let refused = || format!("{text:?} is no size: give it as 500KiB, 32MiB or 1GiB");
        let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
        let (digits, shift) = units
            .iter()
            .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))
            .unwrap_or((text, 0));
        let count: usize = digits.parse().map_err(|_| refused())?;
        let len = count.checked_mul(1 << shift).filter(|len| *len > 0);
        len.map(Size).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_binary_unit_or_none() {
        assert_eq!("32MiB".parse(), Ok(Size(32 << 20)));
        assert_eq!("1000".parse(), Ok(Size(1000)));
        for text in ["", "0", "-1", "5MB", "99999999999GiB", "MiB"] {
            assert!(
                text.parse::<Size>().unwrap_err().contains("32MiB"),
                "{text}"
            );
        }
    }
}
