//! Under which names the server may be addressed.
//!
//! A page of a foreign site can have its own name resolve to this machine (DNS rebinding), and the browser then takes
//! the server for a part of that site. The name that was asked for tells such requests apart.
//!
//! Invariant: a name is allowed only when it can mean nobody else: an address in digits, `localhost`, or what the host
//! listed.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, Request, StatusCode, Uri, header};

use crate::refusal::Refusal;

/// The names that are allowed.
#[derive(Debug)]
pub struct Hosts {
    names: Vec<String>,
    is_any: bool,
}

impl Hosts {
    /// Loopback, addresses in digits, and these names; `*` allows every name.
    pub fn new(names: &[String]) -> Hosts {
        Hosts {
            names: names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            is_any: names.iter().any(|name| name == "*"),
        }
    }

    /// Refuses a request that was meant for somebody else.
    pub fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        if self.is_any {
            return Ok(());
        }
        let asked = host_of(request).ok_or_else(|| {
            Refusal::new(
                StatusCode::BAD_REQUEST,
                "the request does not say which host it is for",
            )
            .hint("send exactly one header Host")
        })?;
        if self.allows(asked) {
            return Ok(());
        }
        let shown: String = name_of(asked).chars().take(100).collect();
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("this server is not called {shown:?}"),
        )
        .hint("start it with --allow-host NAME if it is reached by that name, or use its address"))
    }

    fn allows(&self, asked: &str) -> bool {
        if asked.parse::<SocketAddr>().is_ok() || asked.parse::<IpAddr>().is_ok() {
            return true;
        }
        let name = name_of(asked);
        if let Some(inner) = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            return inner.parse::<IpAddr>().is_ok();
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_localhost = name.eq_ignore_ascii_case("localhost")
            || name
                .len()
                .checked_sub(10)
                .and_then(|at| name.get(at..))
                .is_some_and(|end| end.eq_ignore_ascii_case(".localhost"));
        is_localhost
            || self
                .names
                .iter()
                .any(|known| name.eq_ignore_ascii_case(known))
    }
}

/// The host and port that a request is for: of its own line over HTTP/2, of the one header otherwise.
pub fn host_of<B>(request: &Request<B>) -> Option<&str> {
    host_in(request.uri(), request.headers())
}

/// The same, of the parts of a request that say it.
pub fn host_in<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    if let Some(authority) = uri.authority() {
        return Some(authority.as_str());
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().filter(|host| !host.is_empty()),
        _ => None,
    }
}

/// Without the port; what has no proper port stays whole, and is then no name that anybody listed.
fn name_of(host: &str) -> &str {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    if is_port { name } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(names: &[&str], host: &str) -> bool {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let request = Request::builder().header(header::HOST, host).body(());
        Hosts::new(&names).check(&request.unwrap()).is_ok()
    }

    #[test]
    fn addresses_and_localhost_are_allowed_and_names_only_when_listed() {
        for host in [
            "127.0.0.1:5000",
            "127.0.0.1",
            "[::1]:5000",
            "[::1]",
            "192.0.2.9:80",
            "localhost:5000",
            "LOCALHOST",
            "mltrack.localhost:5000",
        ] {
            assert!(allows(&[], host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:5000",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "[::1].evil.example",
            "127.0.0.1@evil.example",
            "localhost:5000@evil.example",
            "[evil.example]",
        ] {
            assert!(!allows(&[], host), "{host}");
        }
        assert!(allows(&["Tracker.example"], "tracker.EXAMPLE:443"));
        assert!(!allows(&["tracker.example"], "a.tracker.example"));
        assert!(allows(&["*"], "evil.example"));
    }

    #[test]
    fn a_request_with_no_host_or_two_is_refused() {
        let hosts = Hosts::new(&[]);
        assert!(hosts.check(&Request::new(())).is_err());
        let two = Request::builder()
            .header(header::HOST, "localhost")
            .header(header::HOST, "evil.example");
        assert!(hosts.check(&two.body(()).unwrap()).is_err());
    }
}
