//! Rules about one file's text. Each answers with the places that break it and what to do instead.
//!
//! Words that are forbidden everywhere are put together from halves here, so that this file does not break its own rules.

use super::scan;

/// A text file of the repository.
pub struct Source {
    /// From the root, with slashes.
    pub path: String,
    pub text: String,
    /// The text with comments and literals masked, when it is Rust.
    code: String,
}

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// Crates that other programs link: they report by returning.
const LIBRARIES: &[&str] = &[
    "event",
    "log",
    "projector",
    "mltrack",
    "artifact",
    "capture",
    "statistics",
];

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            text: text.to_owned(),
            code: scan::mask(text),
        }
    }

    fn problem(&self, line: usize, what: &str) -> String {
        format!("{}:{line}: {what}", self.path)
    }

    /// One problem for each place where one of the words stands as code.
    fn code_words(&self, words: &[&str], advice: &str) -> Vec<String> {
        let found = words.iter().flat_map(|word| {
            scan::words(&self.code, word)
                .into_iter()
                .map(move |at| (word, at))
        });
        found
            .map(|(word, at)| {
                self.problem(scan::line_of(&self.code, at), &format!("{word} {advice}"))
            })
            .collect()
    }

    fn folder_has(&self, name: &str) -> bool {
        self.path
            .split('/')
            .rev()
            .skip(1)
            .any(|folder| folder == name)
    }
}

pub fn module_head(source: &Source) -> Vec<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let has_head = first
        .strip_prefix("//!")
        .is_some_and(|purpose| !purpose.trim().is_empty());
    if has_head {
        Vec::new()
    } else {
        vec![source.problem(1, "open with //! and what the file is for")]
    }
}

pub fn file_length(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    if lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    vec![source.problem(
        lines,
        &format!("{lines} lines, {FILE_LINES_MAX} at most: split it by what its parts are about"),
    )]
}

pub fn function_length(source: &Source) -> Vec<String> {
    let long = scan::functions(&source.code)
        .into_iter()
        .filter(|function| function.line_count > FUNCTION_LINES_MAX);
    long.map(|function| {
        let what = format!(
            "fn {} has {} lines, {FUNCTION_LINES_MAX} at most",
            function.name, function.line_count
        );
        source.problem(function.line, &what)
    })
    .collect()
}

pub fn leftovers(source: &Source) -> Vec<String> {
    let mut problems = source.code_words(
        &["todo!", "unimplemented!", "dbg!"],
        "is unfinished work: finish or remove it",
    );
    for at in scan::words(&source.text, concat!("FIX", "ME")) {
        problems.push(source.problem(
            scan::line_of(&source.text, at),
            "a note to oneself: do it, or file an issue",
        ));
    }
    problems
}

pub fn ignored_tests(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, (code, text)) in source.code.lines().zip(source.text.lines()).enumerate() {
        let is_attribute = code.contains("#[ignore")
            || (code.contains("cfg_attr") && !scan::words(code, "ignore").is_empty());
        let is_comment = text.trim_start().starts_with("//");
        if is_attribute || (is_comment && text.contains(concat!("```", "ignore"))) {
            problems.push(source.problem(
                number + 1,
                "a test that does not run proves nothing: make it run or remove it",
            ));
        }
    }
    problems
}

pub fn sleeping_tests(source: &Source) -> Vec<String> {
    let is_test_file = source.folder_has("tests");
    let regions = scan::test_regions(&source.code);
    let is_in_test = |at: &usize| is_test_file || regions.iter().any(|region| region.contains(at));
    let calls = ["sleep(", "sleep_until("]
        .map(|call| scan::words(&source.code, call))
        .concat();
    let mut lines: Vec<usize> = calls
        .into_iter()
        .filter(is_in_test)
        .map(|at| scan::line_of(&source.code, at))
        .collect();
    lines.dedup();
    let advice = "a sleep is a guess: wait for a condition with a deadline (a channel, a child's line, thread::park_timeout)";
    lines
        .into_iter()
        .map(|line| source.problem(line, advice))
        .collect()
}

pub fn unsafe_code(source: &Source) -> Vec<String> {
    if source.path.starts_with("crates/log/") {
        return Vec::new();
    }
    source.code_words(
        &["unsafe"],
        "code lives in crates/log only: give the log a safe function for it",
    )
}

pub fn prints(source: &Source) -> Vec<String> {
    let Some((name, file)) = source
        .path
        .strip_prefix("crates/")
        .and_then(|path| path.split_once("/src/"))
    else {
        return Vec::new();
    };
    let is_library = LIBRARIES.contains(&name) || name.starts_with("projector-");
    if !is_library || file == "main.rs" || file.starts_with("bin/") {
        return Vec::new();
    }
    let advice = "in a library: return it, or emit a tracing event";
    source.code_words(&["println!", "eprintln!", "print!", "eprint!"], advice)
}

pub fn machine_paths(source: &Source) -> Vec<String> {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/tm", "p/"),
        concat!("/ho", "me/"),
    ];
    let mut problems = Vec::new();
    for place in places {
        for (at, _) in source.text.match_indices(place) {
            let before = source.text[..at].chars().next_back();
            if before.is_none_or(|c| !c.is_alphanumeric() && !"._-$}".contains(c)) {
                let what = format!(
                    "{place} is a place on one machine: use a temporary folder or a relative path"
                );
                problems.push(source.problem(scan::line_of(&source.text, at), &what));
            }
        }
    }
    problems
}

/// Compares the page with the hash that stands in `layout.rs`, so that neither changes without the other being read.
pub fn format_guard(page: &[u8], layout: &str) -> Result<(), String> {
    let expected = blake3::hash(page).to_hex();
    let line = format!("// format.md blake3: {expected}");
    let found = layout.lines().find_map(|line| {
        line.trim_start_matches(['/', '!', ' '])
            .strip_prefix("format.md blake3: ")
    });
    match found {
        Some(hash) if hash.trim() == expected.as_str() => Ok(()),
        Some(_) => Err(format!(
            "docs/format.md changed: re-read it against layout.rs and update the line to\n{line}"
        )),
        None => Err(format!(
            "crates/log/src/layout.rs misses the line that ties it to docs/format.md:\n{line}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines at which `rule` finds `text` wrong, were it at `path`.
    fn lines(rule: fn(&Source) -> Vec<String>, path: &str, text: &str) -> Vec<usize> {
        let problems = rule(&Source::new(path, text));
        let line = |problem: &String| {
            problem
                .strip_prefix(&format!("{path}:"))?
                .split(':')
                .next()?
                .parse()
                .ok()
        };
        problems
            .iter()
            .map(|problem| line(problem).expect("a problem starts with path:line:"))
            .collect()
    }

    #[test]
    fn a_file_without_a_head_is_found() {
        assert_eq!(lines(module_head, "a.rs", "//! Adds.\n"), [] as [usize; 0]);
        for text in [
            "",
            "//!\n",
            "// Adds.\n",
            "#![no_main]\n//! Adds.\n",
            "\n//! Adds.\n",
        ] {
            assert_eq!(lines(module_head, "a.rs", text), [1], "{text:?}");
        }
    }

    #[test]
    fn files_and_functions_one_line_too_long_are_found() {
        assert!(lines(file_length, "a.rs", &"\n".repeat(500)).is_empty());
        assert_eq!(lines(file_length, "a.rs", &"\n".repeat(501)), [501]);
        let function = |lines: usize| format!("\nfn f() {{{}}}", "\n".repeat(lines - 1));
        assert!(lines(function_length, "a.rs", &function(70)).is_empty());
        assert_eq!(lines(function_length, "a.rs", &function(71)), [2]);
    }

    #[test]
    fn unfinished_work_is_found_in_code_and_its_notes_in_comments() {
        assert_eq!(lines(leftovers, "a.rs", "fn a() {\n    todo!()\n}"), [2]);
        assert_eq!(
            lines(leftovers, "a.rs", "unimplemented!(); dbg!(x);").len(),
            2
        );
        assert_eq!(
            lines(leftovers, "a.rs", concat!("\n// FIX", "ME: later")),
            [2]
        );
        assert!(
            lines(
                leftovers,
                "a.rs",
                "\"todo!\"; // todo! is a word here\nmy_dbg!()"
            )
            .is_empty()
        );
    }

    #[test]
    fn tests_that_do_not_run_are_found() {
        assert_eq!(
            lines(
                ignored_tests,
                "a.rs",
                "#[test]\n#[ignore = \"slow\"]\nfn a() {}"
            ),
            [2]
        );
        assert_eq!(
            lines(ignored_tests, "a.rs", "#[cfg_attr(miri, ignore)]"),
            [1]
        );
        assert_eq!(
            lines(ignored_tests, "a.rs", concat!("/// ```", "ignore")),
            [1]
        );
        assert!(
            lines(
                ignored_tests,
                "a.rs",
                "// never #[ignore] a test\nlet ignore = 1;"
            )
            .is_empty()
        );
    }

    #[test]
    fn sleeps_are_found_in_tests_and_nowhere_else() {
        let inline = "fn a() { thread::sleep(d) }\n#[cfg(test)]\nmod tests {\n    fn b() { std::thread::sleep(d) }\n}";
        assert_eq!(lines(sleeping_tests, "crates/a/src/lib.rs", inline), [4]);
        assert_eq!(
            lines(
                sleeping_tests,
                "tests/crash/main.rs",
                "use std::thread::sleep;\nfn a() { sleep(d) }"
            ),
            [2]
        );
        assert_eq!(
            lines(sleeping_tests, "tests/a.rs", "tokio::time::sleep(d).await"),
            [1]
        );
        assert!(
            lines(
                sleeping_tests,
                "tests/a.rs",
                "Command::new(\"sleep\"); // thread::sleep(d)"
            )
            .is_empty()
        );
    }

    #[test]
    fn unsafe_code_outside_the_log_is_found() {
        assert_eq!(
            lines(unsafe_code, "crates/event/src/lib.rs", "\nunsafe { f() }"),
            [2]
        );
        assert_eq!(
            lines(unsafe_code, "tests/crash/main.rs", "unsafe { fork() }"),
            [1]
        );
        assert!(lines(unsafe_code, "crates/log/src/map.rs", "unsafe { f() }").is_empty());
        assert!(
            lines(
                unsafe_code,
                "crates/event/src/lib.rs",
                "// unsafe\n#![deny(unsafe_code)]"
            )
            .is_empty()
        );
    }

    #[test]
    fn prints_in_a_library_are_found() {
        assert_eq!(lines(prints, "crates/log/src/a.rs", "\nprintln!()"), [2]);
        assert_eq!(
            lines(
                prints,
                "crates/projector-runs/src/a.rs",
                "eprintln!(); eprint!(); print!()"
            )
            .len(),
            3
        );
        for path in [
            "crates/cli/main.rs",
            "crates/xtask/src/main.rs",
            "crates/log/src/bin/a.rs",
            "crates/log/tests/a.rs",
        ] {
            assert!(lines(prints, path, "println!()").is_empty(), "{path}");
        }
        assert!(
            lines(
                prints,
                "crates/log/src/a.rs",
                "/// println!()\nmy_println!()"
            )
            .is_empty()
        );
    }

    #[test]
    fn places_on_one_machine_are_found() {
        for folder in ["wo", "ro", "tm", "ho"]
            .iter()
            .zip(["rk", "ot", "p", "me"])
            .map(|(a, b)| format!("/{a}{b}/"))
        {
            assert_eq!(
                lines(machine_paths, "a.md", &format!("\nsee {folder}notes")),
                [2],
                "{folder}"
            );
            assert!(
                lines(
                    machine_paths,
                    "a.md",
                    &format!("see your{folder}notes and ${folder}")
                )
                .is_empty(),
                "{folder}"
            );
        }
    }

    #[test]
    fn a_changed_format_page_is_found() {
        let line = format!(
            "//! Constants.\n// format.md blake3: {}\n",
            blake3::hash(b"page").to_hex()
        );
        assert_eq!(format_guard(b"page", &line), Ok(()));
        assert!(
            format_guard(b"pagf", &line)
                .unwrap_err()
                .contains("re-read it")
        );
        assert!(
            format_guard(b"page", "//! Constants.\n")
                .unwrap_err()
                .contains("misses the line")
        );
    }
}
