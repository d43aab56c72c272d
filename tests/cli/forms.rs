//! The forms of an answer, on the same runs.

use serde_json::Value;

use super::support::Folder;

fn folder() -> Folder {
    let folder = Folder::with_store();
    folder.ok(&[
        "run",
        "start",
        "a",
        "--name",
        "one",
        "-p",
        "text=a,b \"c\"",
        "-q",
    ]);
    folder.ok(&["run", "start", "a", "--name", "two\\bars", "-q"]);
    folder
}

#[test]
fn the_json_envelope_counts_and_dates_the_answer() {
    let document = folder().json(&["runs", "--json"]);
    let keys: Vec<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, ["items", "lsn", "next", "schema", "total"]);
    assert_eq!(
        (&document["schema"], &document["total"]),
        (&Value::from(1), &Value::from(2))
    );
    assert!(document["lsn"].as_u64().unwrap() > 0);
    assert_eq!(document["next"], Value::Null);
}

#[test]
fn json_may_be_cut_to_fields() {
    let text = folder().ok(&["runs", "--json=name,state"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        document["items"][1],
        serde_json::json!({"name": "one", "state": "running"})
    );
}

#[test]
fn one_item_is_one_line_in_tsv_ndjson_and_ids() {
    let folder = folder();
    for words in [&["runs"][..], &["runs", "--ndjson"], &["runs", "-q"]] {
        assert_eq!(folder.ok(words).lines().count(), 2, "{words:?}");
    }
    assert!(folder.ok(&["runs"]).contains("two\\\\bars"));
    assert!(
        folder
            .ok(&["runs", "-q"])
            .lines()
            .all(|line| line.len() == 32)
    );
}

#[test]
fn csv_has_a_header_and_quotes() {
    let text = folder().ok(&["runs", "--csv"]);
    assert!(
        text.starts_with("id,name,experiment,state,started,ended,params,"),
        "{text}"
    );
    assert!(text.contains(r#""{""text"":""a,b \""c\""""}""#), "{text}");
}

#[test]
fn an_answer_goes_to_a_file_when_asked() {
    let folder = folder();
    assert_eq!(folder.ok(&["runs", "--csv", "-o", "runs.csv"]), "");
    let text = std::fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    assert_eq!(text, folder.ok(&["runs", "--csv"]));
}

#[test]
fn two_forms_at_once_are_refused() {
    assert_eq!(folder().run(&["runs", "--csv", "--json"]).code, 2);
}

#[test]
fn nothing_piped_is_coloured_unless_it_is_forced() {
    let folder = folder();
    let escape = '\x1b';
    assert!(!folder.ok(&["runs"]).contains(escape));
    let said = folder.run(&["runs", "nothing", "--color", "always"]);
    assert!(said.stderr.contains(escape), "{}", said.stderr);
    assert!(!folder.run(&["runs", "nothing"]).stderr.contains(escape));
}

#[test]
fn an_empty_answer_is_an_answer() {
    let folder = Folder::with_store();
    assert_eq!(folder.ok(&["runs"]), "");
    assert_eq!(
        folder.json(&["runs", "--json"])["items"],
        serde_json::json!([])
    );
    assert_eq!(folder.ok(&["exp", "ls", "--csv"]).lines().count(), 1);
}

#[test]
fn a_terminal_gets_a_fitted_table_with_colour_and_relative_times() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_mltrack");
    let on_terminal = |words: &str| {
        // `script` gives its command a terminal of its own.
        let mut command = std::process::Command::new("script");
        command
            .args(["-qec", &format!("{program} {words}"), "/dev/null"])
            .current_dir(folder.path());
        command
            .env("TERM", "xterm")
            .env("PAGER", "cat")
            .env_remove("NO_COLOR")
            .env_remove("MLTRACK_STORE");
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().replace('\r', "")
    };
    let plain = on_terminal("runs --color never");
    let lines: Vec<&str> = plain.lines().collect();
    assert!(lines[0].trim_start().starts_with("run "), "{plain}");
    assert!(
        plain.contains("R running") && plain.contains("2 runs"),
        "{plain}"
    );
    assert!(
        lines.iter().all(|line| line.chars().count() <= 80),
        "{plain}"
    );
    assert!(on_terminal("runs").contains('\x1b'));
}
