//! Secrets in command lines and in addresses.
//!
//! Invariants: the number and order of the words stay; what an option named like a secret takes is masked whatever it
//! looks like.

use std::borrow::Cow;

use crate::secrets::{self, MASK};
use crate::secrets_key;

/// Options that take `user:password`.
const LOGINS: &[&str] = &["-u", "--user", "--userinfo", "--proxy-user", "--login"];

fn is_secret_name(name: &str) -> bool {
    secrets_key::strength(name.as_bytes()).is_some()
}

/// What the word after this one is, if this one is an option without a value of its own.
enum Next {
    Ordinary,
    Secret,
    Login,
}

fn next_of(word: &str) -> Next {
    if LOGINS.contains(&word) {
        return Next::Login;
    }
    let is_option = word.starts_with('-') && !word.contains('=');
    if is_option && is_secret_name(word.trim_start_matches('-')) {
        Next::Secret
    } else {
        Next::Ordinary
    }
}

/// `--password=x`, `API_KEY=x`, `db.password=x`, `+token=x`: the value goes, the name stays.
fn assignment(word: &str) -> Option<String> {
    let (name, value) = word.split_once('=')?;
    let is_masked =
        !value.is_empty() && !name.contains(char::is_whitespace) && is_secret_name(name);
    is_masked.then(|| format!("{name}={MASK}"))
}

fn word(word: &str) -> String {
    assignment(word).unwrap_or_else(|| secrets::mask(word).into_owned())
}

pub(crate) fn mask<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut next = Next::Ordinary;
    let mut masked = Vec::new();
    for argument in arguments {
        let argument = argument.as_ref();
        let is_option = argument.starts_with("--") && argument.len() > 2;
        masked.push(match next {
            Next::Secret if !is_option => MASK.to_owned(),
            Next::Login if argument.contains(':') => MASK.to_owned(),
            _ => word(argument),
        });
        next = next_of(argument);
    }
    masked
}

/// Cuts who may enter, and the values of parameters named like secrets.
pub(crate) fn url(address: &str) -> String {
    let address = without_user(address);
    let Some((path, query)) = address.split_once('?') else {
        return secrets::mask(&address).into_owned();
    };
    let parameters: Vec<String> = query
        .split('&')
        .map(|parameter| assignment(parameter).unwrap_or_else(|| parameter.to_owned()))
        .collect();
    secrets::mask(&format!("{path}?{}", parameters.join("&"))).into_owned()
}

fn without_user(address: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = address.split_once("://") else {
        return Cow::Borrowed(address);
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold any of these, unescaped: the last sign before the path decides, or the last one at all.
    let at = rest[..host_end].rfind('@').or_else(|| {
        let (_, after_colon) = rest[..host_end].split_once(':')?;
        let is_port = after_colon.bytes().all(|byte| byte.is_ascii_digit());
        rest.rfind('@').filter(|_| !is_port)
    });
    let Some(at) = at else {
        return Cow::Borrowed(address);
    };
    let host = &rest[at + 1..];
    if rest[..at] == *"git" && scheme.contains("ssh") {
        return Cow::Borrowed(address);
    }
    Cow::Owned(format!("{scheme}://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_options_and_assignments_are_masked() {
        let given = [
            "python",
            "train.py",
            "--token",
            "abc",
            "--password=hunter2",
            "--lr",
            "0.1",
            "API_KEY=xyz",
            "db.password=p",
            "-u",
            "me:pw",
            "--max-tokens",
            "512",
            "--api-key",
            "--verbose",
            "--tokenizer",
            "bert",
            "https://me:pw@host/x",
            "--auth-token=",
        ];
        let masked = mask(given);
        assert_eq!(
            masked.join(" "),
            "python train.py --token *** --password=*** --lr 0.1 API_KEY=*** db.password=*** -u *** --max-tokens 512 \
             --api-key --verbose --tokenizer bert https://***@host/x --auth-token="
        );
    }

    #[test]
    fn addresses_lose_who_may_enter() {
        for (given, expected) in [
            ("https://me:pw@host/a.git", "https://host/a.git"),
            ("https://ghp_token@host/a.git", "https://host/a.git"),
            ("https://me:p/w@x@host/a.git", "https://host/a.git"),
            ("https://host/a@b.git", "https://host/a@b.git"),
            ("https://host:8080/a@b", "https://host:8080/a@b"),
            ("git@host:team/a.git", "git@host:team/a.git"),
            ("ssh://git@host/a.git", "ssh://git@host/a.git"),
            ("ssh://anna@host/a.git", "ssh://host/a.git"),
            (
                "https://host/a?access_token=x&ref=main",
                "https://host/a?access_token=***&ref=main",
            ),
            ("../relative", "../relative"),
        ] {
            assert_eq!(url(given), expected);
        }
    }
}
