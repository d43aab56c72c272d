//! Names of files below a folder that mean the same on every machine and never leave it.

use crate::error::{Error, Result};

/// Longest part of a name, in bytes: what filesystems take.
const PART_LEN_MAX: usize = 255;
/// Longest name, in bytes.
const NAME_LEN_MAX: usize = 4096 - 256;

/// What a device of Windows is called, with any ending and in any case.
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];

/// Refuses a relative path that could leave its folder, or that is another file elsewhere.
///
/// ```
/// use mltrack_artifact::check_name;
/// check_name("ckpt/step-10/modèle.pt")?;
/// for name in ["../x", "/x", "a//b", "a\\b", "a/./b", "NUL.txt", "a\0", "a/b.", "C:x"] {
///     assert!(check_name(name).unwrap_err().to_string().contains("refusing the name"));
/// }
/// # Ok::<(), mltrack_artifact::Error>(())
/// ```
pub fn check_name(name: &str) -> Result<()> {
    let wrong = |why: String| {
        Err(Error::Name {
            name: name.to_owned(),
            why,
        })
    };
    if name.is_empty() {
        return wrong("it is empty".to_owned());
    }
    if name.len() > NAME_LEN_MAX {
        return wrong(format!("it is longer than {NAME_LEN_MAX} bytes"));
    }
    if name.starts_with('/') {
        return wrong("it begins with `/`: write it relative to its folder".to_owned());
    }
    if let Some(odd) = name.chars().find(|&c| is_odd(c)) {
        let code = u32::from(odd);
        return wrong(format!(
            "it has the character {odd:?} (U+{code:04X}), which other systems read differently or do not show"
        ));
    }
    for part in name.split('/') {
        if let Some(why) = flaw_of_part(part) {
            return wrong(why);
        }
    }
    Ok(())
}

fn flaw_of_part(part: &str) -> Option<String> {
    if part.is_empty() {
        return Some("it has an empty part".to_owned());
    }
    if part == "." || part == ".." {
        return Some(format!("its part {part:?} leaves or repeats the folder"));
    }
    if part.len() > PART_LEN_MAX {
        return Some(format!("a part of it is longer than {PART_LEN_MAX} bytes"));
    }
    if part.ends_with(['.', ' ']) {
        return Some(format!(
            "its part {part:?} ends with a dot or a space, which Windows drops"
        ));
    }
    let stem = part.split('.').next().unwrap_or_default().trim_end();
    is_device(stem).then(|| format!("its part {part:?} is a device on Windows"))
}

fn is_device(stem: &str) -> bool {
    let stem = stem.to_uppercase();
    let numbered = |prefix: &str| {
        let rest = stem.strip_prefix(prefix).unwrap_or_default();
        let mut digits = rest.chars();
        matches!(
            (digits.next(), digits.next()),
            (Some('0'..='9' | '¹' | '²' | '³'), None)
        )
    };
    DEVICES.contains(&stem.as_str()) || numbered("COM") || numbered("LPT")
}

/// Characters that are separators or streams elsewhere, that cannot be seen, or that turn the reading direction.
fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
        || matches!(
            c,
            '\u{2044}'
                | '\u{2215}'
                | '\u{29f8}'
                | '\u{ff0f}'
                | '\u{ff3c}'
                | '\u{2216}'
                | '\u{ff0e}'
                | '\u{2024}'
                | '\u{ff1a}'
        )
}
