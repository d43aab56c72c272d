//! `reproduce`: what was recorded is run again elsewhere, and every metric is compared.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::support::{Folder, Said};

/// A training that is the same each time.
fn train_script() -> String {
    "id=$(mltrack run start train -q)\n\
     scale=$(cat scale.txt)\n\
     step=0\n\
     while [ $step -lt 20 ]; do\n\
       echo \"loss=$(( (1000 - step) * scale ))\"\n\
       step=$((step + 1))\n\
     done | mltrack run log $id --parse 'loss=(?<loss>[0-9.]+)'\n\
     mltrack run log $id final=1\n\
     mltrack run end $id\n"
        .to_owned()
}

/// A repository with a training in it, and a store beside it.
struct Lab {
    folder: Folder,
}

impl Lab {
    fn new() -> Lab {
        let lab = Lab {
            folder: Folder::empty(),
        };
        fs::create_dir(lab.repository()).unwrap();
        lab.git(&["init", "--quiet", "--initial-branch=main"]);
        lab.write("train.sh", &train_script());
        lab.write("scale.txt", "3\n");
        lab.commit();
        lab.folder.ok(&["init"]);
        lab
    }

    fn repository(&self) -> std::path::PathBuf {
        self.folder.path().join("code")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.repository().join(name), text).unwrap();
    }

    fn git(&self, words: &[&str]) {
        let who = ["-c", "user.name=me", "-c", "user.email=me@example.org"];
        let mut command = Command::new("git");
        command.args(who).args(words).current_dir(self.repository());
        let output = command.env("HOME", self.folder.path()).output().unwrap();
        assert!(output.status.success(), "{words:?} {output:?}");
    }

    fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "-m", "change"]);
    }

    /// A command with our binary on PATH, and captures switched on.
    fn command(&self, program: &Path, words: &[&str], folder: &Path) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_mltrack"));
        let path = format!(
            "{}:{}",
            binary.parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let mut command = Command::new(program);
        command.args(words).current_dir(folder);
        command
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.temporary())
            .env("MLTRACK_CAPTURE", "full")
            .env("MLTRACK_STORE", self.folder.path().join(".mltrack"));
        command
    }

    fn temporary(&self) -> std::path::PathBuf {
        let folder = self.folder.path().join("tmp");
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn train(&self) {
        let mut command = self.command(Path::new("sh"), &["train.sh"], &self.repository());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn mltrack(&self, words: &[&str]) -> Said {
        let binary = Path::new(env!("CARGO_BIN_EXE_mltrack"));
        let output = self
            .command(binary, words, self.folder.path())
            .output()
            .unwrap();
        Said {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    fn reproduce(&self, words: &[&str]) -> Said {
        self.mltrack(&[&["reproduce", "train/1"], words].concat())
    }

    /// Neither a folder nor git's memory of a worktree is left.
    fn is_clean(&self) -> bool {
        let worktrees = self.repository().join(".git/worktrees");
        let is_forgotten = fs::read_dir(worktrees).map_or(true, |mut left| left.next().is_none());
        is_forgotten && fs::read_dir(self.temporary()).unwrap().next().is_none()
    }
}

#[test]
fn a_committed_training_is_bit_equal_and_leaves_nothing_behind() {
    let lab = Lab::new();
    lab.train();
    lab.write("scale.txt", "4\n");
    lab.commit();
    let said = lab.reproduce(&["--check", "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let results: Vec<_> = answer["items"].as_array().unwrap().iter().collect();
    assert_eq!(results.len(), 2, "{answer}");
    assert!(
        results.iter().all(|item| item["result"] == "bit_equal"),
        "{answer}"
    );
    assert!(lab.is_clean());
    let runs = lab.mltrack(&["runs", "-q"]).stdout;
    assert_eq!(runs.lines().count(), 1, "a check records nothing");
}

#[test]
fn without_check_the_new_run_is_recorded_and_linked_to_the_old_one() {
    let lab = Lab::new();
    lab.train();
    let said = lab.reproduce(&[]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    let runs = lab.mltrack(&["runs", "-q"]).stdout;
    assert_eq!(runs.lines().count(), 2, "{runs}");
    let types = lab.mltrack(&["export", "events"]).stdout;
    assert_eq!(types.matches("lineage_linked").count(), 1, "{types}");
}

#[test]
fn what_was_not_committed_is_restored_and_a_changed_line_is_told_by_metric_and_step() {
    let lab = Lab::new();
    lab.write("scale.txt", "7\n");
    lab.train();
    lab.git(&["checkout", "--quiet", "scale.txt"]);
    let same = lab.reproduce(&["--check"]);
    assert_eq!(same.code, 0, "{}{}", same.stdout, same.stderr);
    // The same commit with another line: what differs is named.
    let changed = train_script().replace(
        "$(( (1000 - step) * scale ))",
        "$(( step < 13 ? (1000 - step) * scale : 1 ))",
    );
    let setup = format!("cat > train.sh <<'END'\n{changed}END");
    let other = lab.reproduce(&["--check", "--setup", &setup]);
    assert_eq!(other.code, 1, "{}{}", other.stdout, other.stderr);
    assert!(
        other.stderr.contains("loss diverges: step 13"),
        "{}",
        other.stderr
    );
    let lenient = lab.reproduce(&["--check", "--setup", &setup, "--tolerance", "1e9"]);
    assert_eq!(lenient.code, 0, "{}{}", lenient.stdout, lenient.stderr);
    assert!(lab.is_clean());
}

#[test]
fn a_missing_commit_ends_with_3_and_says_how_to_get_it() {
    let lab = Lab::new();
    lab.train();
    lab.write("scale.txt", "9\n");
    lab.git(&["commit", "--quiet", "--amend", "-a", "-m", "another"]);
    lab.git(&["reflog", "expire", "--expire=now", "--all"]);
    lab.git(&["gc", "--quiet", "--prune=now"]);
    let said = lab.reproduce(&["--check"]);
    assert_eq!(said.code, 3, "{}{}", said.stdout, said.stderr);
    assert!(
        said.stderr.contains("is in no repository here"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("git -C"), "{}", said.stderr);
}

#[test]
fn a_file_that_is_left_out_makes_it_partly_and_a_run_without_a_command_cannot_be_run() {
    let lab = Lab::new();
    lab.write(".env", "PASSWORD=hunter2\n");
    lab.train();
    let said = lab.reproduce(&["--check"]);
    assert_eq!(said.code, 7, "{}{}", said.stdout, said.stderr);
    assert!(said.stderr.contains(".env"), "{}", said.stderr);
    let bare = lab.folder.start_run("bare");
    let said = lab.mltrack(&["reproduce", &bare, "--check"]);
    assert_eq!(said.code, 7, "{}", said.stderr);
    assert!(
        said.stderr.contains("recorded no environment"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_folder_can_be_kept_and_a_dry_run_runs_nothing() {
    let lab = Lab::new();
    lab.train();
    let said = lab.reproduce(&["--dry-run"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("sh train.sh"), "{}", said.stderr);
    let into = lab.folder.path().join("as-it-was");
    let said = lab.reproduce(&["--check", "--into", into.to_str().unwrap()]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(into.join("train.sh").is_file());
    assert!(said.stderr.contains("worktree remove"), "{}", said.stderr);
    let again = lab.reproduce(&["--check", "--into", into.to_str().unwrap()]);
    assert_eq!(again.code, 8, "{}", again.stderr);
}

#[test]
fn a_program_that_takes_too_long_is_ended_with_all_it_started() {
    let lab = Lab::new();
    lab.train();
    let said = lab.reproduce(&["--check", "--timeout", "1s", "--setup", "tail -f /dev/null"]);
    assert_eq!(said.code, 6, "{}", said.stderr);
    assert!(
        said.stderr.contains("took longer than 1 s"),
        "{}",
        said.stderr
    );
    assert!(lab.is_clean());
}

/// A training on a file that git does not know, taken in as a dataset that the store keeps.
fn train_on_data_script() -> &'static str {
    "mltrack dataset add rows data/rows.csv\n\
     id=$(mltrack run start train -q)\n\
     mltrack dataset use $id rows\n\
     tail -n +2 data/rows.csv | while read value; do\n\
       echo \"loss=$value\"\n\
     done | mltrack run log $id --parse 'loss=(?<loss>[0-9.]+)'\n\
     mltrack run end $id\n"
}

#[test]
fn data_that_changed_since_is_fetched_by_its_hash() {
    let lab = Lab::new();
    lab.write(".gitignore", "data/\n");
    lab.write("train.sh", train_on_data_script());
    lab.commit();
    fs::create_dir(lab.repository().join("data")).unwrap();
    lab.write("data/rows.csv", "loss\n5\n3\n2\n");
    lab.train();
    lab.write("data/rows.csv", "loss\n9\n9\n9\n");
    let rows = lab.repository().join("data/rows.csv");
    let added = lab.mltrack(&["dataset", "add", "rows", rows.to_str().unwrap()]);
    assert_eq!(added.code, 0, "{}", added.stderr);
    let said = lab.reproduce(&["--check", "--json"]);
    assert_eq!(said.code, 0, "{}{}", said.stdout, said.stderr);
    assert!(said.stdout.contains("bit_equal"), "{}", said.stdout);
    assert!(said.stderr.contains("rows@v1"), "{}", said.stderr);
    assert_eq!(
        fs::read_to_string(rows).unwrap(),
        "loss\n9\n9\n9\n",
        "what the user has now is left alone"
    );
    assert!(lab.is_clean());
}

#[test]
fn an_interrupted_reproduction_ends_what_it_started_and_leaves_nothing_behind() {
    let lab = Lab::new();
    lab.train();
    let begun = lab.folder.path().join("begun");
    let setup = format!(
        "echo $$ > {0}.part && mv {0}.part {0}; exec tail -f /dev/null",
        begun.display()
    );
    let binary = Path::new(env!("CARGO_BIN_EXE_mltrack"));
    let words = ["reproduce", "train/1", "--check", "--setup", &setup];
    let mut command = lab.command(binary, &words, lab.folder.path());
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while !begun.exists() {
        std::thread::yield_now();
    }
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    let started = fs::read_to_string(&begun).unwrap();
    let is_gone = !Path::new("/proc").join(started.trim()).exists();
    assert!(is_gone, "process {started} goes on");
    assert!(lab.is_clean());
}
