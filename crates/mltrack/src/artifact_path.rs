//! What an artifact may be called: a path inside its run, in the one form that means the same on every machine.
//!
//! Invariants: a path that was accepted never leads out of the folder it is written to, whoever writes it, on whatever
//! system; normalising a normal path changes nothing; two different normal paths stay different.

use crate::artifact_depot::failure;
use crate::error::{Error, Result};

/// Longer paths cannot be written below a folder on every system.
pub(crate) const PATH_LEN_MAX: usize = 1024;

/// The normal form of a path: parts joined by `/`, none of them empty, `.` or `..`.
pub(crate) fn normal(path: &str) -> Result<String> {
    let refuse = |why: &str| {
        Err(
            Error::validation(format!("{path:?} cannot name an artifact: {why}")).with_hint(
                "name it as a relative path with `/` between its parts, such as ckpt/model.pt",
            ),
        )
    };
    if path.starts_with('/') {
        return refuse("it is an absolute path");
    }
    let parts: Vec<&str> = path
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return refuse("`..` would lead out of the run's folder");
    }
    let normal = parts.join("/");
    if normal.is_empty() {
        return refuse("nothing is left of it");
    }
    if normal.len() > PATH_LEN_MAX {
        return refuse(&format!(
            "it is {} bytes long, more than {PATH_LEN_MAX}",
            normal.len()
        ));
    }
    mltrack_artifact::check_name(&normal).map_err(|error| failure(&error, None))?;
    Ok(normal)
}

/// A folder and what is in it: `under("ckpt", "a.pt")` is `ckpt/a.pt`; an empty folder adds nothing.
pub(crate) fn under(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_normal_form() {
        for (path, expected) in [
            ("model.pt", "model.pt"),
            ("ckpt/model.pt", "ckpt/model.pt"),
            ("./ckpt//model.pt", "ckpt/model.pt"),
            ("ckpt/", "ckpt"),
            ("a/./b", "a/b"),
            ("Größe 1/模型.bin", "Größe 1/模型.bin"),
            ("..a/b", "..a/b"),
            ("a@v2", "a@v2"),
        ] {
            assert_eq!(normal(path).unwrap(), expected, "{path}");
            assert_eq!(normal(expected).unwrap(), expected, "twice");
        }
    }

    #[test]
    fn a_path_that_leads_out_or_deceives_is_refused_with_the_reason() {
        let long = "a".repeat(256);
        let deep = "a/".repeat(PATH_LEN_MAX);
        for (path, why) in [
            ("", "nothing is left"),
            (".", "nothing is left"),
            ("/etc/passwd", "absolute"),
            ("../x", "lead out"),
            ("a/../../x", "lead out"),
            ("a\\b", "character"),
            ("C:/x", "character"),
            ("a\0b", "character"),
            ("a\nb", "character"),
            ("a\u{202e}gpj.exe", "character"),
            ("nul.txt", "device"),
            ("a.", "dot"),
            (long.as_str(), "longer than 255"),
            (deep.as_str(), "bytes long"),
        ] {
            let error = normal(path).unwrap_err();
            assert_eq!(error.code(), crate::Code::ValidationError, "{path:?}");
            assert!(error.to_string().contains(why), "{path:?}: {error}");
        }
    }
}
