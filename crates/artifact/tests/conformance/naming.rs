//! Names that leave their folder, or are another file elsewhere, and names that are fine.

use mltrack_artifact::{BlobHash, check_name};

/// Each of these is refused.
pub const BAD: &[&str] = &[
    "",
    ".",
    "..",
    "../x",
    "a/../../x",
    "/etc/passwd",
    "//x",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    "a\\b",
    "..\\x",
    "C:x",
    "C:\\x",
    "a\0b",
    "a\nb",
    "\u{7f}",
    "NUL",
    "nul.txt",
    "a/CON",
    "com1",
    "LPT9.log",
    "COM¹",
    "aux.",
    "a.",
    "a ",
    "\u{202e}txt.exe",
    "a\u{200b}b",
    "\u{feff}a",
    "a\u{2215}b",
    "..\u{ff0f}x",
    "a*",
    "a?b",
    "a|b",
];

#[test]
fn names_that_leave_their_folder_are_refused_and_named() {
    for name in BAD {
        let message = check_name(name).expect_err(name).to_string();
        assert!(message.contains(&format!("{name:?}")), "{message}");
    }
    check_name(&"x".repeat(256)).expect_err("a part that no filesystem takes");
    check_name(&"x/".repeat(3000)).expect_err("a path that no system takes");
}

#[test]
fn usual_names_are_fine() {
    for name in [
        "a",
        ".env",
        "a/b.c",
        "ckpt/step=10.pt",
        "模型/重み.pt",
        "é",
        "e\u{301}",
        "a b",
        "...a",
        "console",
        "com10",
        "a@v2",
        "🤖.bin",
    ] {
        check_name(name).expect(name);
    }
}

#[test]
fn a_blob_is_named_by_hexadecimal_digits_only() {
    let id = BlobHash::of(b"x").to_string();
    for name in [
        "",
        "..",
        "../../etc/passwd",
        &id[1..],
        &id.to_uppercase(),
        &format!("{id}0"),
        &format!("sha256:{id}"),
    ] {
        let error = name.parse::<BlobHash>().expect_err(name);
        assert!(error.to_string().contains("64 lower-case"), "{error}");
    }
}
