//! What a run has to know of the repository it runs in: where the code comes from, which commit, what differs.
//!
//! Invariants: an answer that git does not give in time is named as missing and does not keep the others; addresses are
//! recorded without who may enter there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::command::{self, CommandError};
use crate::deadline::Deadline;
use crate::document::{Missing, Part};
use crate::git::{Git, QUESTION};
use crate::git_files;
use crate::git_status::{self, Status};
use crate::made;
use crate::patch::{self, Patch};
use crate::request::Request;
use crate::secrets;

const STATUS: Duration = Duration::from_secs(5);
const STATUS_LEN_MAX: usize = 64 << 20;

/// A repository that git answers about.
struct Repository {
    git: Git,
    git_dir: PathBuf,
    object_len: usize,
    is_bare: bool,
    is_shallow: bool,
    is_linked: bool,
}

/// The repository's part of the document, and the patch.
pub(crate) fn capture(request: &Request, deadline: &Deadline) -> Part {
    let mut part = Part::default();
    let mut document = Map::new();
    match open(request, deadline) {
        Ok(repository) => describe(&repository, request, deadline, &mut document, &mut part),
        Err(why) => {
            part.missing.push(Missing::new("git", why));
            if let Some(root) = git_files::root(&request.folder) {
                let head = git_files::head(root);
                for (key, value) in [("branch", head.branch), ("commit", head.commit)] {
                    document.extend(value.map(|value| (key.to_owned(), value.into())));
                }
            }
        }
    }
    part.has_commit = document.contains_key("commit");
    if !document.is_empty() {
        part.values.push(("git", Value::Object(document)));
    }
    part
}

fn open(request: &Request, deadline: &Deadline) -> Result<Repository, String> {
    let Some(git) = Git::find(&request.folder, &request.variables) else {
        return Err("git is not installed, or not in a folder of PATH".to_owned());
    };
    let question = || deadline.step(QUESTION);
    let text = |error: CommandError| error.to_string();
    let flags = [
        "rev-parse",
        "--is-bare-repository",
        "--is-shallow-repository",
        "--show-object-format",
    ];
    let flags = git.line(&flags, question()).map_err(text)?;
    let flags: Vec<&str> = flags.lines().collect();
    let git_dir = git
        .path(&["rev-parse", "--absolute-git-dir"], question())
        .map_err(text)?;
    let common = git
        .path(
            &["rev-parse", "--path-format=absolute", "--git-common-dir"],
            question(),
        )
        .map_err(text)?;
    let is_bare = flags.first() == Some(&"true");
    let git = if is_bare {
        git.at(&git_dir)
    } else {
        let root = git
            .path(&["rev-parse", "--show-toplevel"], question())
            .map_err(text)?;
        git.at(&root)
    };
    Ok(Repository {
        is_linked: common != git_dir,
        git_dir,
        object_len: if flags.get(2) == Some(&"sha256") {
            64
        } else {
            40
        },
        is_bare,
        is_shallow: flags.get(1) == Some(&"true"),
        git,
    })
}

fn describe(
    repository: &Repository,
    request: &Request,
    deadline: &Deadline,
    document: &mut Map<String, Value>,
    part: &mut Part,
) {
    let git = &repository.git;
    let mut set = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
    set("root", git.folder.display().to_string().into());
    set("bare", repository.is_bare.into());
    set("shallow", repository.is_shallow.into());
    set("linked_worktree", repository.is_linked.into());
    if repository.is_bare {
        let commit = git.line(
            &["rev-parse", "--verify", "--quiet", "HEAD"],
            deadline.step(QUESTION),
        );
        if let Ok(commit) = commit {
            set("commit", commit.into());
        }
        part.missing
            .push(Missing::new("patch", "a bare repository has no files"));
        return;
    }
    if let Some(inside) = inside(&git.folder, &request.folder) {
        set("folder", inside.into());
    }
    let status = status(git, deadline, &mut part.missing);
    let Some(mut status) = status else {
        let head = git_files::head(&git.folder);
        for (key, value) in [("branch", head.branch), ("commit", head.commit)] {
            document.extend(value.map(|value| (key.to_owned(), value.into())));
        }
        return;
    };
    describe_head(git, &status, deadline, document);
    let made = made::take(&git.folder, &mut status.untracked);
    if !made.is_empty() {
        let made = made
            .iter()
            .map(|(folder, what)| json!({ "path": folder.display().to_string(), "what": what }));
        document.insert("skipped".to_owned(), made.collect());
    }
    let submodules = submodules(git, &status, deadline);
    if !submodules.is_empty() {
        document.insert("submodules".to_owned(), submodules.into());
    }
    let tree = patch::Tree {
        git,
        git_dir: &repository.git_dir,
        status: &status,
        object_len: repository.object_len,
        temporary: &request.places.temporary,
    };
    let patch = patch::build(&tree, &request.limits, deadline);
    describe_changes(&status, patch.as_ref().ok(), document);
    match patch {
        Ok(patch) => part.patch = Some(patch),
        Err(why) => part.missing.push(Missing::new("patch", why)),
    }
}

/// The working folder as seen from the top of the repository; empty at the top.
fn inside(root: &Path, folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let inside = folder.strip_prefix(root.canonicalize().ok()?).ok()?;
    Some(inside.display().to_string())
}

/// Everything that differs; without untracked files when looking for them takes too long.
fn status(git: &Git, deadline: &Deadline, missing: &mut Vec<Missing>) -> Option<Status> {
    let ask = |untracked: &str| {
        let arguments = [
            "status",
            "--porcelain=v2",
            "-z",
            "--branch",
            "--no-ahead-behind",
            "--no-renames",
            "--ignore-submodules=none",
            untracked,
        ];
        let output = command::run(
            &mut git.command(&arguments),
            deadline.step(STATUS),
            STATUS_LEN_MAX,
        )?;
        if output.is_cut || output.status.is_some_and(|status| status.success()) {
            return Ok((git_status::parse(&output.stdout), output.is_cut));
        }
        Err(CommandError::Failed {
            program: "git status".to_owned(),
            message: command::complaint(&output),
        })
    };
    let first = match ask("--untracked-files=all") {
        Err(CommandError::Timeout { timeout_ms, .. }) => {
            let why = format!("looking for them took longer than {timeout_ms} ms");
            missing.push(Missing::new("untracked files", why));
            ask("--untracked-files=no")
        }
        other => other,
    };
    match first {
        Ok((status, is_cut)) => {
            if is_cut {
                missing.push(Missing::new(
                    "untracked files",
                    format!("git names more than {STATUS_LEN_MAX} bytes of them"),
                ));
            }
            Some(status)
        }
        Err(error) => {
            missing.push(Missing::new("git status", error.to_string()));
            None
        }
    }
}

fn describe_head(
    git: &Git,
    status: &Status,
    deadline: &Deadline,
    document: &mut Map<String, Value>,
) {
    let mut set = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
    set("detached", status.branch.is_none().into());
    set("unborn", status.commit.is_none().into());
    for (key, value) in [
        ("branch", &status.branch),
        ("commit", &status.commit),
        ("upstream", &status.upstream),
    ] {
        if let Some(value) = value {
            set(key, value.as_str().into());
        }
    }
    if status.upstream.is_some() && status.commit.is_some() {
        let arguments = ["rev-list", "--count", "--left-right", "@{upstream}...HEAD"];
        let counts = git
            .line(&arguments, deadline.step(QUESTION))
            .unwrap_or_default();
        let mut counts = counts
            .split('\t')
            .filter_map(|word| word.parse::<u64>().ok());
        if let (Some(behind), Some(ahead)) = (counts.next(), counts.next()) {
            set("ahead", ahead.into());
            set("behind", behind.into());
        }
    }
    if let Some(remote) = remote(git, status.branch.as_deref(), deadline) {
        set("remote", remote.into());
    }
}

/// The address the branch is pushed to or fetched from, without who may enter: of its own remote, of `origin`, or of the
/// first.
fn remote(git: &Git, branch: Option<&str>, deadline: &Deadline) -> Option<String> {
    let arguments = [
        "config",
        "-z",
        "--get-regexp",
        r"^(remote\..*\.url|branch\..*\.remote)$",
    ];
    let listed = git.ask(&arguments, deadline.step(QUESTION)).ok()?;
    let listed = String::from_utf8_lossy(&listed);
    let settings: Vec<(&str, &str)> = listed
        .split('\0')
        .filter_map(|setting| setting.split_once('\n'))
        .collect();
    let value = |key: &str| {
        settings
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    };
    let own = branch.and_then(|branch| value(&format!("branch.{branch}.remote")));
    let named = |name: &str| value(&format!("remote.{name}.url"));
    let address = own
        .and_then(named)
        .or_else(|| named("origin"))
        .or_else(|| {
            settings
                .iter()
                .find(|(name, _)| name.starts_with("remote."))
                .map(|(_, value)| *value)
        })?;
    Some(secrets::url(address))
}

/// Path, recorded commit and state of each submodule.
fn submodules(git: &Git, status: &Status, deadline: &Deadline) -> Vec<Value> {
    if !git.folder.join(".gitmodules").is_file() {
        return Vec::new();
    }
    let Ok(listed) = git.ask(&["ls-files", "-s", "-z"], deadline.step(QUESTION)) else {
        return Vec::new();
    };
    let records = listed
        .split(|&byte| byte == 0)
        .filter_map(|record| record.strip_prefix(b"160000 "));
    let text = records.map(String::from_utf8_lossy);
    text.filter_map(|record| {
        let (object, path) = record.split_once('\t')?;
        let changed = status
            .changed
            .iter()
            .find(|changed| changed.path == Path::new(path));
        let state = changed.and_then(|changed| changed.submodule);
        Some(json!({
            "path": path,
            "commit": object.split(' ').next(),
            "other_commit": state.is_some_and(|state| state.has_other_commit),
            "dirty": state.is_some_and(|state| state.has_changes || state.has_untracked),
        }))
    })
    .collect()
}

fn describe_changes(status: &Status, patch: Option<&Patch>, document: &mut Map<String, Value>) {
    let count = |is: fn(&git_status::Changed) -> bool| {
        status.changed.iter().filter(|changed| is(changed)).count()
    };
    let mut set = |key: &str, value: Value| drop(document.insert(key.to_owned(), value));
    // What git was told to overlook shows in the patch alone.
    let is_dirty = status.is_dirty() || patch.is_some_and(|patch| patch.file_count > 0);
    set("dirty", is_dirty.into());
    set("staged", count(|changed| changed.is_staged).into());
    set("changed", count(|changed| changed.is_unstaged).into());
    set("unmerged", count(|changed| changed.is_unmerged).into());
    set("untracked", status.untracked.len().into());
    if let Some(patch) = patch {
        set(
            "patch",
            json!({
                "len": patch.bytes.len(),
                "files": patch.file_count,
                "left_out": patch.left_out.len() + patch.unseen_count,
                "digest": format!("blake3:{}", blake3::hash(&patch.bytes).to_hex()),
            }),
        );
    }
}
