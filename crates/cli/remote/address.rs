//! The address of a server, as `-C` or `MLTRACK_STORE` names it.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use mltrack::Code;

use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::store::VARIABLE;

/// Where a server is: `http://HOST:PORT`, with a path behind it when a proxy has it below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The address that names the store; none when it is a folder.
pub fn of(context: &Context) -> Outcome<Option<Address>> {
    let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let named = match (&context.store, &variable) {
        (Some(path), _) => Some(path.as_path()),
        (None, variable) => variable.as_deref().map(Path::new),
    };
    let Some(text) = named.and_then(Path::to_str) else {
        return Ok(None);
    };
    Ok(Address::parse(text).transpose()?)
}

impl Address {
    /// None of what is no address at all.
    fn parse(text: &str) -> Option<Result<Address, Failure>> {
        let (scheme, rest) = text.split_once("://")?;
        let refused = |what: &str| {
            Some(Err(Failure::usage(format!("{text} {what}")).hint(
                "mltrack -C http://HOST:PORT ..., or the store's folder: -C PATH",
            )))
        };
        if !matches!(scheme, "http" | "https") {
            return refused("is no address of a server");
        }
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.contains('@') {
            let what = "has a user or password in it, which other users of this machine can see";
            return Some(Err(Failure::usage(format!("the address {what}"))
                .hint("MLTRACK_KEY=mlt_.. mltrack -C http://HOST:PORT ...")));
        }
        let is_plain = !authority.is_empty() && !rest.contains(['?', '#', ' ']);
        if !is_plain {
            return refused("is no address of a server");
        }
        Some(Ok(Address(text.trim_end_matches('/').to_owned())))
    }

    /// Where a path of the interface is.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// Whether it is this machine, which no proxy leads to.
    pub fn is_here(&self) -> bool {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        let authority = rest.split('/').next().unwrap_or_default();
        let name = match authority.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => name,
            _ => authority,
        };
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let is_loopback = name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
        is_loopback || name.eq_ignore_ascii_case("localhost")
    }
}

/// What a command says that works on folders only.
pub fn refusal(text: &str) -> Failure {
    Failure::new(
        Code::Unsupported,
        format!("{text} is an address, and this command works on a store's folder"),
    )
    .hint("mltrack -C PATH ...  on the machine that has the store")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_folder_and_a_wrong_one_is_refused() {
        let parsed = |text: &str| Address::parse(text).map(|parsed| parsed.map(|known| known.0));
        for folder in ["a/b", "./http", ".mltrack", "http:/a"] {
            assert!(parsed(folder).is_none(), "{folder}");
        }
        let known = parsed("https://tracker.example/mltrack/").unwrap();
        assert_eq!(known.unwrap(), "https://tracker.example/mltrack");
        for wrong in ["s3://bucket/a", "http://", "http://a:1/?b", "http://u:p@a"] {
            let failure = parsed(wrong).unwrap().unwrap_err();
            assert!(failure.hint.is_some(), "{wrong}");
            assert!(!failure.what.contains("u:p"), "{failure:?}");
        }
    }

    #[test]
    fn this_machine_is_known_by_every_name_it_has() {
        let is_here = |text: &str| Address(text.to_owned()).is_here();
        assert!(is_here("http://127.0.0.1:5000"));
        assert!(is_here("http://localhost/a"));
        assert!(is_here("https://[::1]:5000"));
        assert!(!is_here("http://192.0.2.1:5000"));
        assert!(!is_here("http://localhost.example"));
    }
}
