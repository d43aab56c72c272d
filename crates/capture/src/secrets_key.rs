//! Names of keys that secrets are assigned to: `password`, `API_KEY`, `auth-token`, `dbPass`.
//!
//! Invariant: the last word of a name decides what it names, so `password_file` and `max_tokens` are no secrets.

/// How sure a name makes that its value is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Only a value that looks drawn by chance is one.
    Weak,
    /// A value of some length with letters and digits is one.
    Medium,
    /// Any value that is no placeholder is one.
    Strong,
}

/// Words that a name may end with without naming something else.
const AFTERTHOUGHTS: &[&str] = &[
    "value",
    "text",
    "plain",
    "base64",
    "b64",
    "string",
    "prod",
    "production",
    "dev",
    "staging",
    "live",
    "new",
    "old",
    "default",
    "primary",
    "secondary",
];

/// What a `key` is before it is secret.
const KEYS: &[&str] = &[
    "api",
    "access",
    "private",
    "auth",
    "account",
    "signing",
    "encryption",
    "master",
    "secret",
    "service",
    "client",
    "deploy",
    "ssh",
    "webhook",
    "license",
    "shared",
    "subscription",
    "wandb",
    "storage",
];

/// What a `token` is before it is surely secret.
const TOKENS: &[&str] = &[
    "auth", "access", "api", "bearer", "refresh", "bot", "secret", "session", "github", "gitlab",
    "gh", "hf", "slack", "hub", "security", "id", "oauth", "oauth2", "private", "personal",
    "deploy", "registry", "npm", "pypi", "upload", "vault", "user", "admin",
];

/// What a `token` is when it is a piece of text.
const PIECES: &[&str] = &[
    "max",
    "min",
    "num",
    "n",
    "total",
    "pad",
    "padding",
    "eos",
    "bos",
    "unk",
    "sep",
    "cls",
    "mask",
    "special",
    "next",
    "last",
    "first",
    "per",
    "stop",
    "start",
    "end",
    "prompt",
    "completion",
    "input",
    "output",
    "image",
    "cur",
    "current",
    "vocab",
    "sub",
    "byte",
    "bytes",
    "added",
    "decoder",
    "encoder",
    "forced",
    "generated",
    "new",
    "audio",
    "video",
    "vision",
    "text",
    "word",
    "target",
    "source",
    "begin",
    "boundary",
    "prev",
    "previous",
    "expected",
    "each",
    "one",
    "single",
    "every",
    "number",
    "of",
    "class",
    "lang",
    "language",
    "suppress",
    "image2",
    "line",
    "keyword",
];

/// Splits at everything that is no letter or digit, and where a small letter meets a capital one.
fn words(name: &[u8]) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = b'_';
    for &byte in name {
        let is_new = !byte.is_ascii_alphanumeric()
            || (byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase() || before.is_ascii_digit()));
        if is_new && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| byte.is_ascii_alphanumeric()) {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
        before = byte;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether values assigned to `name` are secrets.
pub(crate) fn strength(name: &[u8]) -> Option<Strength> {
    // The working folder of a shell.
    if name == b"PWD" {
        return None;
    }
    let mut words = words(name);
    while words.len() > 1
        && words.last().is_some_and(|word| {
            AFTERTHOUGHTS.contains(&word.as_str()) || word.bytes().all(|byte| byte.is_ascii_digit())
        })
    {
        words.pop();
    }
    let last = words.pop()?;
    let before = words.last().map(String::as_str);
    match last.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "password" | "passwords" | "passwd" | "passphrase" | "pwd" | "secret" | "secrets"
        | "apikey" | "secretkey" | "accesskey" | "privatekey" | "pgpassword" | "authtoken"
        | "apitoken" | "accesstoken" => Some(Strength::Strong),
        "key" if before.is_some_and(|word| KEYS.contains(&word)) => Some(Strength::Strong),
        "pass" if before.is_some() => Some(Strength::Medium),
        "token" if before.is_some_and(|word| TOKENS.contains(&word)) => Some(Strength::Medium),
        "token" if before.is_some_and(|word| PIECES.contains(&word)) => None,
        "token" | "pass" | "credential" | "credentials" | "jwt" | "auth" | "authorization" => {
            Some(Strength::Weak)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_secrets_are_known() {
        for name in [
            "password",
            "DB_PASSWORD",
            "dbPassword",
            "smtp.passwd",
            "client_secret",
            "SECRET_KEY",
            "api-key",
            "apiKey",
            "OPENAI_API_KEY",
            "AWS_SECRET_ACCESS_KEY",
            "WANDB_API_KEY",
            "password_prod",
            "API_KEY_2",
            "Passphrase",
        ] {
            assert_eq!(strength(name.as_bytes()), Some(Strength::Strong), "{name}");
        }
        for name in [
            "HF_TOKEN",
            "auth_token",
            "accessToken2",
            "DB_PASS",
            "hub-token",
        ] {
            assert_eq!(strength(name.as_bytes()), Some(Strength::Medium), "{name}");
        }
        for name in ["token", "MY_TOKEN", "credentials", "Authorization"] {
            assert_eq!(strength(name.as_bytes()), Some(Strength::Weak), "{name}");
        }
    }

    #[test]
    fn keys_that_name_something_else_are_none() {
        for name in [
            "TOKENIZERS_PARALLELISM",
            "tokenizer",
            "max_tokens",
            "tokens",
            "pad_token",
            "eos_token",
            "token_count",
            "next_token",
            "password_file",
            "secret_name",
            "primary_key",
            "key",
            "sort_key",
            "keys",
            "num_keys",
            "api_key_id",
            "password_min_length",
            "author",
            "bypass",
            "",
            "_",
            "pass_rate",
            "foreign_key",
        ] {
            assert_eq!(strength(name.as_bytes()), None, "{name}");
        }
    }
}
