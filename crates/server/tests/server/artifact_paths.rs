//! Paths that try to lead out of a run, by every way that takes one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::proxy::{PROXY, Stage};

/// What no artifact can be called, as it stands in the first line of a request.
fn hostile() -> Vec<String> {
    let mut paths: Vec<String> = [
        "../secret",
        "a/../../secret",
        "%2e%2e/secret",
        "%2E%2E%2Fsecret",
        "a/%2e%2e/%2e%2e/secret",
        "%252e%252e%252fsecret",
        "%25252e%25252e/secret",
        "..%5csecret",
        "a%5c..%5csecret",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "C:/windows",
        "c%3a%5cwindows",
        "a%00.txt",
        "a%0d%0ax-evil:%201",
        "a%23b",
        "%ef%bc%8e%ef%bc%8e%ef%bc%8fsecret",
        "a%e2%80%aegpj.exe",
        "a%e2%88%95..%e2%88%95b",
        "nul",
        "con.txt",
        "a.",
        "a%20",
        "%ff%fe",
    ]
    .map(str::to_owned)
    .into();
    paths.push("a".repeat(256));
    paths.push("a/".repeat(600) + "b");
    paths
}

/// Sends a request whose target no client would leave as it is, and answers the status.
fn ask(stage: &Stage, method: &str, target: &str) -> u16 {
    let url = stage.served.url("");
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).unwrap_or_default();
    status
        .parse()
        .unwrap_or_else(|_| panic!("{target}: {text}"))
}

#[test]
fn no_path_of_the_proxy_leads_out_by_any_method() {
    let stage = Stage::new();
    let secret = stage.served.folder.path().join("secret");
    std::fs::write(&secret, "not yours").unwrap();
    for path in hostile() {
        // Behind a folder, an absolute path is one part more of a relative one.
        let is_absolute = path.starts_with('/') || path.starts_with("%2f");
        let target = if is_absolute {
            format!("{PROXY}/{path}")
        } else {
            format!("{PROXY}/{}", stage.path(&path))
        };
        for method in ["PUT", "GET", "DELETE"] {
            let status = ask(&stage, method, &target);
            assert_eq!(status, 400, "{method} {path}");
        }
    }
    assert_eq!(stage.paths(), Vec::<String>::new(), "nothing was logged");
    assert_eq!(std::fs::read(&secret).unwrap(), b"not yours");
}

#[test]
fn no_path_in_a_query_leads_out() {
    let stage = Stage::new();
    let id = stage.id();
    for path in hostile() {
        for target in [
            format!("{PROXY}?path={path}"),
            format!("/get-artifact?run_id={id}&path={path}"),
            format!("/api/2.0/mlflow/artifacts/list?run_id={id}&path={path}"),
        ] {
            let status = ask(&stage, "GET", &target);
            assert_eq!(status, 400, "{target}");
        }
        let target = format!("/ajax-api/2.0/mlflow/upload-artifact?run_uuid={id}&path={path}");
        assert_eq!(ask(&stage, "POST", &target), 400, "{target}");
    }
    assert_eq!(stage.paths(), Vec::<String>::new(), "nothing was logged");
}

#[test]
fn names_that_only_look_odd_are_kept_as_they_are() {
    let stage = Stage::new();
    for (target, name) in [
        ("img+step+0.png", "img+step+0.png"),
        ("loss%25step%250.png", "loss%step%0.png"),
        ("a%20b.txt", "a b.txt"),
        ("Gr%c3%b6%c3%9fe.txt", "Größe.txt"),
        ("..hidden", "..hidden"),
        ("a@v2", "a@v2"),
        ("q%26a%3d1;b,c.txt", "q&a=1;b,c.txt"),
    ] {
        let target = format!("{PROXY}/{}", stage.path(target));
        assert_eq!(ask(&stage, "PUT", &target), 200, "{name}");
        assert_eq!(ask(&stage, "GET", &target), 200, "{name}");
        assert!(
            stage.paths().contains(&name.to_owned()),
            "{name}: {:?}",
            stage.paths()
        );
    }
}
