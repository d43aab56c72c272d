//! The files that are stored with a version of a model: kept, read again, proved.

use std::fs;
use std::io::Read as _;
use std::time::Duration;

use mltrack::{BlobId, Code, ModelVersion};

use crate::support::{Store, code};

/// A version of a folder of two files and a file of its own.
fn stored(store: &Store) -> ModelVersion {
    let files = tempfile::tempdir().unwrap();
    let folder = files.path().join("out");
    fs::create_dir_all(folder.join("parts")).unwrap();
    fs::write(folder.join("model.pt"), "weights").unwrap();
    fs::write(folder.join("parts/words.csv"), "word\na\n").unwrap();
    fs::write(files.path().join("card.md"), "made by hand").unwrap();
    let version = store.tracker.model("resnet").unwrap().version();
    let version = version.folder(&folder).file(files.path().join("card.md"));
    let version = version.flavour("pytorch").add().unwrap();
    assert_eq!(version.source, folder.display().to_string());
    version
}

fn place(store: &Store, blob: BlobId) -> std::path::PathBuf {
    let hex = blob.to_string();
    let blobs = store.path().join("artifacts/blobs");
    blobs.join(&hex[..2]).join(&hex)
}

#[test]
fn files_that_are_stored_with_a_version_survive_collection_and_are_read_again() {
    let store = Store::new();
    let version = stored(&store);
    let gc = store.tracker.gc().older_than(Duration::ZERO).run();
    assert_eq!(gc.unwrap().unwrap().artifacts.blobs(), 0);
    let found = store.another().model_version("resnet@latest").unwrap();
    let files = found.stored_files().unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["card.md", "model.pt", "parts/words.csv"]);
    let mut text = String::new();
    let mut opened = found.open("model.pt").unwrap();
    opened.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), files[1].len), ("weights", 7));
    assert_eq!(code(found.open("model.bin").map(drop)), Code::NotFound);
    let into = tempfile::tempdir().unwrap();
    let planned = found.checkout(into.path()).unwrap().paths();
    assert!(planned.iter().all(|file| !file.exists()));
    assert_eq!(found.get_to(into.path()).unwrap(), planned);
    assert_eq!(fs::read_to_string(&planned[2]).unwrap(), "word\na\n");
    let undone = store.tracker.undo(version.lsn).apply().unwrap();
    assert!(undone.is_some());
    let blobs = |gc: mltrack::Gc| gc.run().unwrap().unwrap().artifacts.blobs();
    assert_eq!(blobs(store.tracker.gc()), 0, "it can come back");
    let old = store.tracker.gc().older_than(Duration::ZERO);
    assert_eq!(blobs(old), 4, "three files and their list");
}

#[test]
fn files_and_artifacts_of_one_version_are_written_side_by_side_and_never_over_one_another() {
    let store = Store::new();
    let run = store.tracker.experiment("e").unwrap().start_run().unwrap();
    let log = |path: &str| {
        run.log_artifact_bytes(path, "logged")
            .unwrap()
            .wait()
            .unwrap()
    };
    let (beside, same) = (log("beside.txt"), log("model.pt"));
    run.finish().unwrap();
    let files = tempfile::tempdir().unwrap();
    fs::write(files.path().join("model.pt"), "stored").unwrap();
    let model = store.tracker.model("m").unwrap();
    let new = || model.version().file(files.path().join("model.pt"));
    let both = new().artifact(beside[0].id).add().unwrap();
    let into = tempfile::tempdir().unwrap();
    assert_eq!(both.get_to(into.path()).unwrap().len(), 2);
    let read = |name: &str| fs::read_to_string(into.path().join(name)).unwrap();
    assert_eq!(
        (read("beside.txt").as_str(), read("model.pt").as_str()),
        ("logged", "stored")
    );
    let clash = new().artifact(same[0].id).add().unwrap();
    let other = tempfile::tempdir().unwrap();
    assert_eq!(code(clash.get_to(other.path())), Code::ValidationError);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    let refused = |version: mltrack::NewModelVersion| code(version.add().map(drop));
    let new = || model.version();
    assert_eq!(refused(new().file(files.path())), Code::ValidationError);
    assert_eq!(
        refused(new().folder(files.path().join("model.pt"))),
        Code::ValidationError
    );
    assert_eq!(
        refused(new().file(files.path().join("none"))),
        Code::NotFound
    );
    assert_eq!(model.summary().unwrap().unwrap().versions.len(), 2);
}

#[test]
fn verify_names_the_file_of_a_version_that_is_damaged() {
    let store = Store::new();
    let version = stored(&store);
    let file = place(&store, version.stored_files().unwrap()[1].blob);
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let check = store.another().verify_artifacts().run().unwrap();
    let damages = check.damages.iter();
    let told: Vec<_> = damages
        .map(|damage| (damage.path.as_str(), damage.lsn))
        .collect();
    assert_eq!(told, [("model resnet v1, model.pt", version.lsn)]);
    let into = tempfile::tempdir().unwrap();
    assert_eq!(code(version.get_to(into.path())), Code::ArtifactMismatch);
    assert!(!into.path().join("model.pt").exists());
}
