//! The same backup in a folder, in memory and on an S3 server; one at a time in each.

use std::sync::atomic::{AtomicUsize, Ordering};

use mltrack_backup::{Error, Place, check, prune};

use crate::seaweed::{self, Server};
use crate::support::{Stage, read, restored, until};

fn memory() -> Place {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Place::open(&format!("memory:places-{number}")).expect("memory is a place")
}

fn on_server(server: &Server, prefix: &str) -> Place {
    let url = seaweed::url(&server.endpoint(), prefix).to_string();
    let mut options = seaweed::options();
    options.max_len = u64::MAX;
    Place::with(&url, options).expect("a bucket is a place")
}

fn comes_back(stage: &Stage, place: &Place) {
    stage.write(600);
    let blob = stage.put("weights");
    let large = stage.put(&"0123456789".repeat(600_000));
    let report = stage.back_up(place).expect("it is taken");
    let before = read(&stage.store());
    assert_eq!(
        report.last.map(mltrack_log::Lsn::get),
        before.last().map(|it| it.0)
    );
    assert_eq!((report.blobs, report.new_blobs), (2, 2));
    stage.write(50);
    let into = stage.path("again");
    let again = restored(place, &into).expect("it is restored");
    assert_eq!(again.records, before.len() as u64);
    assert_eq!(read(&into), before);
    let root = mltrack_artifact::BlobStore::open(
        &mltrack_artifact::StoreUrl::folder(into.join("artifacts")),
        seaweed::options(),
    )
    .expect("a root");
    assert_eq!(root.get_bytes(&blob).expect("it is there"), "weights");
    assert_eq!(root.verify(&large).expect("it is right"), 6_000_000);
    let checked = check(place, None, false, &|_| {}).expect("it is read");
    assert!(checked.is_sound(), "{:?}", checked.damages);
    let second = stage.back_up(place).expect("it is taken");
    assert_eq!(second.new_blobs, 0);
    assert!(second.new_parts <= 6, "{second:?}");
    let pruned = prune(place, 1, false, false, &|_| {}).expect("old ones go");
    assert_eq!(pruned.removed, [report.id.expect("it has a name")]);
    let newest = stage.path("newest");
    restored(place, &newest).expect("the newest is whole");
    assert_eq!(read(&newest), until(read(&stage.store()), u64::MAX));
}

#[test]
fn a_backup_in_a_folder_comes_back() {
    let stage = Stage::new();
    comes_back(&stage, &stage.place());
}

#[test]
fn a_backup_in_memory_comes_back() {
    comes_back(&Stage::new(), &memory());
}

#[test]
fn a_backup_on_a_server_comes_back() {
    let server = Server::start();
    comes_back(&Stage::new(), &on_server(&server, "backups"));
}

#[test]
fn the_place_is_for_its_owner_alone_and_nothing_is_made_in_the_store() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::new();
    stage.write(10);
    let names = |stage: &Stage| {
        let files = crate::support::files(&stage.store());
        files.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
    };
    let before = names(&stage);
    stage.back_up(&stage.place()).expect("it is taken");
    assert_eq!(names(&stage), before);
    let mode = stage.path("backups").metadata().expect("it is there");
    assert_eq!(mode.permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_place_in_the_store_or_in_a_root_is_refused() {
    let stage = Stage::new();
    stage.write(10);
    stage.put("weights");
    let inside = stage.store().join("backups");
    let place = Place::open(inside.to_str().expect("UTF-8")).expect("a place");
    assert!(matches!(stage.back_up(&place), Err(Error::Invalid { .. })));
    assert!(!inside.exists());
    let root = stage.path("root");
    std::fs::create_dir_all(root.join("owners")).expect("a folder");
    std::fs::write(root.join("owners/somebody"), "somebody\n").expect("a file");
    let place = Place::open(root.to_str().expect("UTF-8")).expect("a place");
    assert!(matches!(stage.back_up(&place), Err(Error::Invalid { .. })));
}

#[test]
fn a_dry_run_says_what_is_new_and_makes_nothing() {
    let stage = Stage::new();
    stage.write(300);
    stage.put("weights");
    let report = stage
        .back_up_with(&stage.place(), true)
        .expect("it is counted");
    assert_eq!(report.id, None);
    assert!(report.new_parts > 1);
    assert_eq!(report.new_blobs, 1);
    assert!(!stage.path("backups").exists());
}

#[test]
fn an_empty_place_says_that_there_is_nothing() {
    let stage = Stage::new();
    let into = stage.path("into");
    let refused = restored(&stage.place(), &into);
    assert!(
        matches!(refused, Err(Error::NotFound { .. })),
        "{refused:?}"
    );
    assert!(!into.exists());
    assert!(stage.place().list().expect("it can be listed").is_empty());
}

#[test]
fn an_empty_store_comes_back_empty_and_takes_records() {
    let stage = Stage::new();
    stage.write(0);
    let report = stage.back_up(&stage.place()).expect("it is taken");
    assert_eq!(report.last, None);
    let into = stage.path("again");
    restored(&stage.place(), &into).expect("it is restored");
    assert!(read(&into).is_empty());
}
