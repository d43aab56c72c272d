//! Encrypted connections, and both versions of HTTP.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;

use mltrack::Tracker;
use mltrack_server::{Host, Options, TlsFiles};

use super::raw::connect;
use super::support::Served;

/// Writes a certificate for localhost and its key, and answers the certificate.
fn write_certificate(folder: &Path) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem().into_bytes()
}

/// What `https://localhost/version` says to who trusts only this certificate.
fn version(port: u16, trusted: &[u8]) -> Option<String> {
    let url = format!("https://localhost:{port}/version");
    ask(trusted, |client| client.get(url))
}

/// The answer to who trusts only this certificate.
fn ask(
    trusted: &[u8],
    request: impl FnOnce(reqwest::Client) -> reqwest::RequestBuilder,
) -> Option<String> {
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let certificate = reqwest::Certificate::from_pem(trusted).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([certificate])
            .build()
            .unwrap();
        let response = request(client).send().await.ok()?;
        response.text().await.ok()
    })
}

/// A server that encrypts, with its certificate and its key in a folder.
fn open(folder: &Path, tracker: Tracker) -> Host {
    let options = Options {
        bind: ([127, 0, 0, 1], 0).into(),
        tls: Some(TlsFiles {
            certificates: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        }),
        ..Options::default()
    };
    Host::open(tracker, options).unwrap()
}

#[test]
fn a_link_leads_back_over_the_encrypted_connection() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = write_certificate(folder.path());
    let tracker = Tracker::open(folder.path().join("store")).unwrap();
    let run = tracker.experiment("e").unwrap().start_run().unwrap();
    let body = format!("{{\"run_id\": \"{}\", \"path\": \"a.txt\"}}", run.id());
    let host = open(folder.path(), tracker.clone());
    let (port, stopper) = (host.address().port(), host.stopper());
    let thread = std::thread::spawn(move || host.run().unwrap());
    let url = format!("https://localhost:{port}/api/2.0/mlflow/artifacts/presigned-upload-url");
    let given = ask(&certificate, |client| {
        let request = client.post(url).body(body);
        request.header("content-type", "application/json")
    });
    let given: serde_json::Value = serde_json::from_str(&given.unwrap()).unwrap();
    let link = given["presigned_url"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(
        link.starts_with(&format!("https://localhost:{port}/")),
        "{given}"
    );
    let put = ask(&certificate, |client| client.put(link).body("bytes"));
    assert_eq!(put.as_deref(), Some("{}"));
    run.finish().unwrap();
    stopper.stop();
    thread.join().unwrap();
}

#[test]
fn a_certificate_encrypts_and_a_new_one_is_read_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_certificate(folder.path());
    let tracker = Tracker::open(folder.path().join("store")).unwrap();
    let host = open(folder.path(), tracker);
    let (port, stopper) = (host.address().port(), host.stopper());
    let reloader = host.reloader().unwrap();
    let thread = std::thread::spawn(move || host.run().unwrap());
    assert!(version(port, &first).unwrap().starts_with("3."));

    let second = write_certificate(folder.path());
    reloader.reload().unwrap();
    assert!(version(port, &second).is_some());
    assert!(version(port, &first).is_none());

    fs::write(folder.path().join("cert.pem"), "no certificate").unwrap();
    reloader.reload().unwrap_err();
    assert!(version(port, &second).is_some());
    stopper.stop();
    thread.join().unwrap();
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    let key = folder.path().join("key.pem");
    let options = Options {
        bind: ([127, 0, 0, 1], 0).into(),
        tls: Some(TlsFiles {
            certificates: folder.path().join("missing.pem"),
            key,
        }),
        ..Options::default()
    };
    let tracker = Tracker::open(folder.path().join("store")).unwrap();
    let error = Host::open(tracker, options).unwrap_err().to_string();
    assert!(error.contains("missing.pem"), "{error}");
}

#[test]
fn the_second_version_of_http_is_spoken_to_who_begins_with_it() {
    let served = Served::start();
    let mut stream = connect(&served);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    // No settings of ours.
    bytes.extend([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    // GET, http, /version, localhost: indexed fields and two literal ones.
    let mut fields = vec![0x82, 0x86, 0x04, 8];
    fields.extend(b"/version");
    fields.extend([0x01, 9]);
    fields.extend(b"localhost");
    // One frame of headers that ends the stream and the headers.
    bytes.extend([0, 0, fields.len() as u8, 1, 5, 0, 0, 0, 1]);
    bytes.extend(fields);
    stream.write_all(&bytes).unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).unwrap();
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; len];
        stream.read_exact(&mut payload).unwrap();
        if head[3] == 1 {
            // The first field is the status 200, which has an index.
            assert_eq!(payload[0], 0x88);
            break;
        }
        assert_ne!(head[3], 7, "the server went away");
    }
}
