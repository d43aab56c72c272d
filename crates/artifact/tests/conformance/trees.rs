//! Folders as blobs: they come back, and nothing in a list makes a file outside of them.

use std::fs;

use mltrack_artifact::{BlobHash, Tree};

use crate::backend::{Backend, noise};

pub fn a_folder_comes_back_and_its_digest_is_of_its_content(backend: &Backend) {
    let store = backend.store();
    let from = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(from.path().join("a/b")).expect("folders");
    fs::write(from.path().join("a/b/deep.bin"), noise(50, 5 << 20)).expect("a file");
    fs::write(from.path().join("a/naïve 文.txt"), "text").expect("a file");
    fs::write(from.path().join("empty"), "").expect("a file");
    let (stored, tree) = store.put_folder(from.path()).expect("it is stored");
    let paths: Vec<_> = tree.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a/b/deep.bin", "a/naïve 文.txt", "empty"]);
    assert_eq!(tree.len(), (5 << 20) + 4);
    assert_eq!(store.read_tree(&stored.id).expect("it is read"), tree);

    let to = tempfile::tempdir().expect("a temporary folder");
    store
        .get_tree(&stored.id, to.path())
        .expect("it is written");
    let (again, _) = store.put_folder(to.path()).expect("it is stored");
    assert_eq!((again.id, again.was_there), (stored.id, true));
    let mut rows: Vec<_> = tree
        .files
        .iter()
        .map(|file| (file.path.clone(), file.blob, file.len))
        .collect();
    rows.reverse();
    assert_eq!(store.put_tree(&rows).expect("it is stored").id, stored.id);
}

pub fn lists_with_names_that_leave_are_refused(backend: &Backend) {
    let store = backend.store();
    let blob = store.put_bytes(b"harmless").expect("it is stored").id;
    for name in crate::naming::BAD {
        let error = store
            .put_tree(&[((*name).to_owned(), blob, 8)])
            .expect_err(name);
        assert!(
            error.to_string().contains("refusing the name"),
            "{name:?}: {error}"
        );
        let json = serde_json::json!({"mltrack": "tree", "files": [{"path": name, "len": 8, "blob": blob.to_string()}]});
        let forged = store
            .put_bytes(json.to_string().as_bytes())
            .expect("it is stored")
            .id;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("inner");
        store.get_tree(&forged, &inner).expect_err(name);
        assert!(!inner.exists(), "{name:?}");
    }
    for json in ["", "{}", "[]", "{\"mltrack\":\"other\",\"files\":[]}"] {
        let id = store.put_bytes(json.as_bytes()).expect("it is stored").id;
        store.read_tree(&id).expect_err(json);
    }
    let twice = [("a".to_owned(), blob, 8), ("a/b".to_owned(), blob, 8)];
    store
        .put_tree(&twice)
        .expect_err("a file and a folder at once");
}

pub fn nothing_is_written_through_a_link(backend: &Backend) {
    let store = backend.store();
    let blob = store.put_bytes(b"harmless").expect("it is stored").id;
    let id = store
        .put_tree(&[("sub/file".to_owned(), blob, 8)])
        .expect("it is stored")
        .id;
    let (outside, folder) = (
        tempfile::tempdir().expect("one"),
        tempfile::tempdir().expect("two"),
    );
    std::os::unix::fs::symlink(outside.path(), folder.path().join("sub")).expect("a link");
    let error = store
        .get_tree(&id, folder.path())
        .expect_err("sub is a link");
    assert!(error.to_string().contains("no folder"), "{error}");
    assert_eq!(fs::read_dir(outside.path()).expect("a folder").count(), 0);
    let tree = Tree::decode(&store.get_bytes(&id).expect("it is read")).expect("it is a tree");
    assert_eq!(tree.files[0].blob, BlobHash::of(b"harmless"));
}
