//! Secrets: a capture keeps none, and what slipped in all the same is scrubbed from every byte of the store.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use super::support::{Folder, Said};

/// Where they are planted, and what is planted there.
const SECRETS: [(&str, &str); 7] = [
    ("environment", "ghp_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dE3fG6"),
    ("argument", "xK9-planted-argument-token"),
    ("remote", "planted-remote-password"),
    ("diff", "AKIAQ3EGRZX7PLNTDKEY"),
    ("untracked", "planted-in-dot-env-9f3"),
    ("name", "planted-in-a-key-file-77"),
    ("stdout", "sk-proj-pL4nt3dInWhatAProgramPrints0123456789"),
];

/// Every file of a folder that holds `needle`, what zstd unpacks included, wherever it begins.
fn places_of(folder: &Path, needle: &str) -> Vec<String> {
    let mut places = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            places.extend(places_of(&path, needle));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let mut texts = vec![bytes.clone()];
        for at in find(&bytes, &[0x28, 0xb5, 0x2f, 0xfd]) {
            let mut out = Vec::new();
            let decoder = zstd::Decoder::new(&bytes[at..]);
            // Noise that looks like a beginning ends somewhere; what came before is looked at.
            let _ = decoder.map(|decoder| decoder.single_frame().read_to_end(&mut out));
            texts.push(out);
        }
        if texts
            .iter()
            .any(|text| !find(text, needle.as_bytes()).is_empty())
        {
            places.push(path.display().to_string());
        }
    }
    places
}

fn find(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    let starts = bytes.iter().enumerate();
    let starts = starts.filter(|(_, byte)| **byte == needle[0]);
    let found = starts.filter(|(at, _)| bytes[*at..].starts_with(needle));
    found.map(|(at, _)| at).collect()
}

fn git(folder: &Path, words: &[&str]) {
    let who = ["-c", "user.name=me", "-c", "user.email=me@example.org"];
    let output = Command::new("git")
        .args(who)
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?} {output:?}");
}

/// A repository with a secret in each place, and a run that was started there.
fn leaky() -> Folder {
    let [environment, argument, remote, diff, untracked, name, _] =
        SECRETS.map(|(_, secret)| secret);
    let folder = Folder::with_store();
    let code = folder.path().join("code");
    fs::create_dir(&code).unwrap();
    git(&code, &["init", "--quiet"]);
    let script =
        "id=$(mltrack run start train -q)\nmltrack run log $id loss=0.5\nmltrack run end $id\n";
    fs::write(code.join("train.sh"), script).unwrap();
    fs::write(code.join("settings.py"), "KEY = None\n").unwrap();
    git(&code, &["add", "."]);
    git(&code, &["commit", "--quiet", "-m", "first"]);
    let address = format!("https://me:{remote}@example.org/code.git");
    git(&code, &["remote", "add", "origin", &address]);
    fs::write(code.join("settings.py"), format!("KEY = \"{diff}\"\n")).unwrap();
    fs::write(code.join(".env"), format!("TOKEN={untracked}\n")).unwrap();
    fs::write(code.join("id_rsa"), format!("{name}\n")).unwrap();
    fs::write(code.join("plain.txt"), "nothing to hide\n").unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_mltrack")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command
        .args(["train.sh", "--token", argument])
        .current_dir(&code);
    command
        .env("PATH", path)
        .env("HOME", folder.path().join("home"))
        .env("MLTRACK_CAPTURE", "full")
        .env("MLTRACK_STORE", folder.path().join(".mltrack"))
        .env("NCCL_SOCKET_IFNAME", environment)
        .env("GITHUB_TOKEN", environment);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    folder
}

fn scrub(folder: &Folder, words: &[&str]) -> Said {
    folder.run(&[&["scrub", "train/1"], words].concat())
}

#[test]
fn no_planted_secret_is_anywhere_in_the_store_and_the_run_says_what_was_left_out() {
    let folder = leaky();
    let (_, printed) = SECRETS[6];
    let said = format!("echo \"logged in with api_key={printed}\"; echo {printed} >&2");
    folder.ok(&["run", "exec", "printed", "--", "sh", "-c", &said]);
    let store = folder.path().join(".mltrack");
    for packed in [false, true] {
        if packed {
            folder.ok(&["snapshot", "create"]);
            folder.ok(&["compact"]);
        }
        for (place, secret) in SECRETS {
            assert_eq!(places_of(&store, secret), Vec::<String>::new(), "{place}");
        }
    }
    let shown = folder.json(&["env", "show", "train/1", "--json"])["items"][0].clone();
    assert_eq!(shown["reproducible"], "partial");
    let left_out = shown["left_out"].to_string();
    for file in ["settings.py", ".env", "id_rsa"] {
        assert!(left_out.contains(file), "{left_out}");
    }
    assert_eq!(
        shown["summary"]["git.remote"],
        "https://example.org/code.git"
    );
    assert!(
        shown["summary"]["command"]
            .as_str()
            .unwrap()
            .contains("***")
    );
    let patch = folder.ok(&["env", "show", "train/1", "--patch"]);
    assert!(patch.contains("nothing to hide"), "{patch}");
    let lines = folder.ok(&["console", "printed/1"]);
    assert!(lines.contains("logged in with api_key=***"), "{lines}");
}

#[test]
fn what_slipped_in_is_shown_by_a_dry_run_and_gone_after_the_scrub() {
    let folder = leaky();
    let store = folder.path().join(".mltrack");
    let secret = "nothing to hide";
    let id = folder.ok(&[
        "run",
        "start",
        "train",
        "-p",
        "greeting=nothing to hide",
        "-q",
    ]);
    assert!(!id.is_empty());
    let said = scrub(&folder, &["--text", secret, "--dry-run", "--json"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stdout.contains("code.patch"), "{}", said.stdout);
    assert!(!places_of(&store, secret).is_empty());
    let refused = scrub(&folder, &["--text", secret]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    let done = scrub(&folder, &["--text", secret, "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let done = folder.run(&["scrub", id.trim(), "--text", secret, "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(places_of(&store, secret), Vec::<String>::new());
    let shown = folder.json(&["env", "show", "train/1", "--json"])["items"][0].clone();
    assert!(
        shown["left_out"].to_string().contains("patch: scrubbed"),
        "{shown}"
    );
    assert!(shown["documents"]["patch"].is_null(), "{shown}");
    let gone = folder.run(&["env", "show", "train/1", "--patch"]);
    assert_eq!(gone.code, 3);
    let runs = folder.json(&["runs", "train", "--json"])["items"].clone();
    assert_eq!(runs[0]["params"]["greeting"], "***", "{runs}");
    folder.ok(&["verify", "--deep", "--artifacts"]);
    folder.ok(&["replay", "--check"]);
}

#[test]
fn a_part_is_emptied_and_a_word_of_the_environment_is_masked_in_its_document() {
    let folder = leaky();
    let store = folder.path().join(".mltrack");
    let place = folder
        .path()
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(!places_of(&store, &place).is_empty());
    let done = scrub(&folder, &["--environment", "--text", &place, "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(
        places_of(&store.join("artifacts"), &place),
        Vec::<String>::new()
    );
    let shown = folder.json(&["env", "show", "train/1", "--json"])["items"][0].clone();
    assert!(
        shown["summary"]["cwd"].as_str().unwrap().contains("***"),
        "{shown}"
    );
    assert!(
        shown["document"]["process"]["folder"]
            .as_str()
            .unwrap()
            .contains("***")
    );
    let done = scrub(&folder, &["--environment", "--yes"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    assert_eq!(folder.run(&["env", "show", "train/1"]).code, 3);
    let nothing = scrub(&folder, &["--text", "nowhere to be found"]);
    assert_eq!(nothing.code, 0, "{}", nothing.stderr);
    assert_eq!(scrub(&folder, &["--yes"]).code, 2);
}
