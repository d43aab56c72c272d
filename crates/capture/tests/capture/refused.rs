//! What cannot be restored says what to do next and leaves nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mltrack_capture::worktree::{self, RestoreError};

use crate::support::Repository;

fn restore_error(repository: &Path, commit: &str, patch: &[u8], into: &Path) -> RestoreError {
    worktree::restore(repository, commit, patch, into).expect_err("it cannot be restored")
}

#[test]
fn what_cannot_be_restored_names_the_next_move_and_leaves_nothing() {
    let repository = Repository::with_commit();
    let (path, into) = (repository.path(), repository.beside("into"));
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let missing = "1".repeat(40);
    let error = restore_error(&path, &missing, b"", &into);
    assert!(
        matches!(&error, RestoreError::CommitMissing { next, .. } if next.contains("no remote")),
        "{error}"
    );
    repository.git(&["remote", "add", "origin", "https://me:pw@host/code.git"]);
    let error = restore_error(&path, &missing, b"", &into).to_string();
    assert!(
        error.contains(&format!("git fetch origin {missing}"))
            && error.contains("https://host/code.git")
            && !error.contains("pw@"),
        "{error}"
    );
    assert!(matches!(
        restore_error(&path, "--help", b"", &into),
        RestoreError::NotACommit { .. }
    ));
    assert!(matches!(
        restore_error(&repository.beside("none"), &commit, b"", &into),
        RestoreError::NotARepository { .. }
    ));
    assert!(matches!(
        restore_error(&path, &commit, b"", &path),
        RestoreError::IntoInUse { .. }
    ));
    let error = restore_error(
        &path,
        &commit,
        b"diff --git a/none b/none\n--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+b\n",
        &into,
    );
    assert!(matches!(error, RestoreError::Patch { .. }), "{error}");
    let outside = b"diff --git a/../out b/../out\nnew file mode 100644\n--- /dev/null\n+++ b/../out\n@@ -0,0 +1 @@\n+x\n";
    assert!(matches!(
        restore_error(&path, &commit, outside, &into),
        RestoreError::Patch { .. }
    ));
    assert!(!into.exists() && !repository.beside("out").exists());
    assert_eq!(
        repository
            .git(&["worktree", "list", "--porcelain"])
            .matches("worktree ")
            .count(),
        1
    );
    assert!(
        worktree::remove(&path, &path).is_err(),
        "the repository itself is no worktree to remove"
    );
    assert!(path.join("train.py").exists());
    let hook = path.join(".git/hooks/post-checkout");
    fs::create_dir_all(path.join(".git/hooks")).expect("a folder");
    fs::write(&hook, "#!/bin/sh\ntouch hook-ran\n").expect("a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("its mode");
    worktree::restore(&path, &commit, b"", &into).expect("it is restored");
    assert!(!into.join("hook-ran").exists());
    fs::remove_dir_all(&into).expect("it goes by hand");
    worktree::restore(&path, &commit, b"", &into)
        .expect("a folder that went by hand is made again");
    worktree::remove(&path, &into).expect("it goes");
    worktree::remove(&path, &into).expect("what is gone is forgotten");
}
