//! What goes wrong with a server: it dies in the midst, is slow, answers with errors, refuses who asks. And links, which end.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use mltrack_artifact::{BlobHash, BlobStore, ErrorKind, Options, StoreUrl};
use mltrack_log::door;

use crate::backend::noise;
use crate::proxy::{self, Faults};
use crate::server::{self, Server};

const MIB: usize = 1 << 20;

fn store(endpoint: &str, prefix: &str, options: Options) -> BlobStore {
    BlobStore::open(&server::url(endpoint, prefix), options).expect("a client")
}

/// A store behind a proxy, in a prefix of its own.
fn behind_proxy(faults: &Arc<Faults>, options: Options) -> BlobStore {
    let server = server::shared();
    let proxy = proxy::start(server.address(), faults.clone());
    store(&format!("http://{proxy}"), &server::prefix(), options)
}

/// A reader that does something when it has given half of its content.
struct Halfway<'a, F: FnMut()> {
    content: &'a [u8],
    half_len: usize,
    then: Option<F>,
}

impl<F: FnMut()> Read for Halfway<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.content.len() <= self.half_len
            && let Some(mut then) = self.then.take()
        {
            then();
        }
        self.content.read(buffer)
    }
}

#[test]
fn a_server_that_is_killed_amid_an_upload_gets_only_what_is_missing_afterwards() {
    let mut server = Server::start();
    let faults = Arc::new(Faults::default());
    let endpoint = format!("http://{}", proxy::start(server.address(), faults.clone()));
    let mut options = server::options();
    (options.retries, options.retry_timeout) = (1, Duration::from_secs(1));
    let store = store(&endpoint, "killed", options);
    let content = noise(60, 48 * MIB);
    let id = BlobHash::of(&content);
    let half = Halfway {
        content: &content,
        half_len: content.len() / 2,
        then: Some(|| server.kill()),
    };
    let error = store.put_reader(half).expect_err("the server is gone");
    assert!(error.is_network() && error.is_retryable(), "{error}");
    assert!(error.to_string().contains("do it again"), "{error}");
    store.contains(&id).expect_err("the server is gone");

    server.start_again();
    assert!(
        !store.contains(&id).expect("it answers"),
        "no manifest before its chunks"
    );
    faults.sent_len.store(0, Ordering::Relaxed);
    let stored = store.put_bytes(&content).expect("the rest is stored");
    let sent_len = faults.sent_len.load(Ordering::Relaxed);
    assert!(stored.new_bytes < 40 * MIB as u64, "{}", stored.new_bytes);
    assert!(sent_len < 41 * MIB, "{sent_len}");
    assert_eq!(
        store.verify(&id).expect("it is right"),
        content.len() as u64
    );
}

#[test]
fn errors_of_a_server_are_answered_by_trying_again() {
    let faults = Arc::new(Faults::default());
    let mut options = server::options();
    options.retries = 10;
    let store = behind_proxy(&faults, options);
    faults.errors_left.store(20, Ordering::Relaxed);
    let content = noise(61, 10 * MIB);
    let id = store.put_bytes(&content).expect("it is stored at last").id;
    assert_eq!(store.get_bytes(&id).expect("it is read"), content);
    assert_eq!(faults.errors.load(Ordering::Relaxed), 20);
}

#[test]
fn a_server_that_only_fails_is_given_up_and_nothing_can_be_found() {
    let faults = Arc::new(Faults::default());
    let mut options = server::options();
    options.retries = 1;
    let store = behind_proxy(&faults, options);
    faults.only_puts.store(true, Ordering::Relaxed);
    faults.errors_left.store(usize::MAX, Ordering::Relaxed);
    for content in [noise(62, 100), noise(63, 6 * MIB)] {
        let error = store.put_bytes(&content).expect_err("it only fails");
        assert_eq!(
            (error.kind(), error.is_retryable()),
            (ErrorKind::Network, true)
        );
        assert!(error.to_string().contains("s3://blobs/test"), "{error}");
        assert!(
            !store
                .contains(&BlobHash::of(&content))
                .expect("it is looked for")
        );
    }
}

#[test]
fn a_crash_between_chunks_and_manifest_leaves_nothing_to_find() {
    let faults = Arc::new(Faults::default());
    let mut options = server::options();
    options.retries = 0;
    let store = behind_proxy(&faults, options);
    let content = noise(64, 6 * MIB);
    let id = BlobHash::of(&content);
    faults.refuse_puts_below("/manifests/");
    let error = store
        .put_bytes(&content)
        .expect_err("the manifest is refused");
    assert!(error.to_string().contains("store manifests/"), "{error}");
    assert!(!store.contains(&id).expect("it is looked for"));
    faults.refuse_puts_below("nothing at all");
    let again = store.put_bytes(&content).expect("it is stored");
    assert!(again.new_bytes < 10_000, "{}", again.new_bytes);
    assert_eq!(store.get_bytes(&id).expect("it is read"), content);
}

#[test]
fn a_slow_server_is_waited_for() {
    let faults = Arc::new(Faults::default());
    let store = behind_proxy(&faults, server::options());
    let content = noise(65, 5 * MIB);
    let id = store.put_bytes(&content).expect("it is stored").id;
    faults.drip_len.store(32 << 10, Ordering::Relaxed);
    assert_eq!(store.get_bytes(&id).expect("it is read"), content);
    let requests = faults.requests.load(Ordering::Relaxed);
    let mut reader = store.open_blob(&id).expect("it opens");
    let mut read = Vec::new();
    reader.read_to_end(&mut read).expect("it is read");
    assert!(read == content && faults.requests.load(Ordering::Relaxed) > requests);
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let faults = Arc::new(Faults::default());
    let mut options = server::options();
    (options.retries, options.request_timeout) = (0, Duration::from_millis(300));
    let store = behind_proxy(&faults, options);
    faults.is_silent.store(true, Ordering::Relaxed);
    let error = store.put_bytes(b"a word").expect_err("nobody answers");
    assert!(error.is_network() && error.is_retryable(), "{error}");
    assert!(error.to_string().contains("check the endpoint"), "{error}");
}

#[test]
fn credentials_that_are_refused_are_told_with_what_to_set() {
    let server = server::shared();
    let mut options = server::options();
    options.credentials = Some(server::credentials("another secret"));
    let store = store(&server.endpoint(), &server::prefix(), options);
    let id = BlobHash::of(b"x");
    for error in [
        store.put_bytes(b"x").map(drop).expect_err("refused"),
        store.contains(&id).map(drop).expect_err("refused"),
        store.get_bytes(&id).map(drop).expect_err("refused"),
        store.list().map(drop).expect_err("refused"),
    ] {
        assert!(error.is_unauthorised() && !error.is_retryable(), "{error}");
        let message = error.to_string();
        assert!(message.contains("AWS_SECRET_ACCESS_KEY"), "{message}");
        assert!(message.contains("s3://blobs/test"), "{message}");
        assert!(!message.contains("another secret"), "{message}");
    }
}

#[test]
fn a_bucket_that_is_not_there_is_told_from_a_blob_that_is_not() {
    let server = server::shared();
    let endpoint = server.endpoint();
    let text = format!("s3://nowhere/x?endpoint={endpoint}&region=us-east-1&path_style=true");
    let url = StoreUrl::parse(&text).expect("a URL");
    let elsewhere = BlobStore::open(&url, server::options()).expect("it opens");
    let id = BlobHash::of(b"x");
    // Writing there makes the bucket: this server lets whoever may do everything.
    let error = elsewhere.get_bytes(&id).expect_err("no bucket");
    assert_eq!(error.kind(), ErrorKind::NoRoot, "{error}");
    assert!(!error.is_retryable(), "{error}");
    let message = error.to_string();
    assert!(message.contains("s3://nowhere/x"), "{message}");
    assert!(
        message.contains("create it, or correct its name"),
        "{message}"
    );
    let store = store(&endpoint, &server::prefix(), server::options());
    assert!(store.get_bytes(&id).expect_err("no blob").is_missing());
}

#[test]
fn a_link_gives_the_content_until_it_ends_and_then_its_copy_goes() {
    let server = server::shared();
    let mut options = server::options();
    options.owner = Some("links".to_owned());
    let store = store(&server.endpoint(), &server::prefix(), options);
    for content in [b"small ".repeat(1000), noise(66, 20 * MIB)] {
        let id = store.put_bytes(&content).expect("it is stored").id;
        let link = store.link(&id, Duration::from_secs(5)).expect("a link");
        assert_eq!(server::get(&link.url), (200, content));
        let lasting = store.link(&id, Duration::from_mins(1)).expect("a link");
        let end = door::monotonic() + Duration::from_secs(30);
        while server::get(&link.url).0 == 200 || door::wall_time_ns() <= link.expires_ns {
            assert!(door::monotonic() < end, "the link still works");
            std::thread::park_timeout(Duration::from_millis(50));
        }
        assert_eq!(server::get(&link.url).0, 403);
        let swept = store.sweep(|| Ok([id].into())).expect("it sweeps");
        assert_eq!(swept.garbage.links.len(), 1);
        assert_eq!(server::get(&lasting.url).0, 200);
    }
    let id = BlobHash::of(b"never stored");
    let error = store
        .link(&id, Duration::from_secs(2))
        .expect_err("there is none");
    assert!(error.is_missing(), "{error}");
    let error = store
        .link(&id, Duration::from_hours(999))
        .expect_err("too long");
    assert!(error.to_string().contains("7 days"), "{error}");
}

#[test]
fn a_folder_gives_no_links_and_says_who_does() {
    let store = crate::backend::folder().store();
    let id = store.put_bytes(b"x").expect("it is stored").id;
    let error = store
        .link(&id, Duration::from_secs(2))
        .expect_err("it cannot");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("serve"), "{error}");
}
