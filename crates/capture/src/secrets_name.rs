//! Names of files that hold secrets.
//!
//! Invariant: only the name decides, letter case does not.

/// Endings of files that are keys or stores of keys.
const ENDINGS: &[&str] = &[
    "pem", "key", "p12", "pfx", "jks", "keystore", "kdbx", "ppk", "ovpn", "tfstate", "tfvars",
    "env", "p8", "pkcs12", "keytab", "agekey", "gpg",
];

/// Whole names.
const NAMES: &[&str] = &[
    ".netrc",
    "_netrc",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".htpasswd",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".git-credentials",
    ".dockercfg",
    ".dockerconfigjson",
    ".s3cfg",
    ".boto",
    ".envrc",
    ".vault-token",
    "kubeconfig",
    "kaggle.json",
    ".credentials",
    "service-account.json",
    "service_account.json",
    "serviceaccount.json",
    "application_default_credentials.json",
    ".databrickscfg",
    ".condarc-token",
    "authorized_keys",
    "secring",
    "shadow",
];

/// Names of private keys; what is published beside them ends in `.pub`.
const KEYS: &[&str] = &["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_xmss"];

/// Folders whose files are all taken for secrets.
const FOLDERS: &[&str] = &[
    ".ssh", ".aws", ".gnupg", ".azure", ".kube", ".gcloud", ".docker", ".secrets",
];

/// Endings of programs and of texts about them: `credentials.rs` is looked at by content like any other.
const SOURCES: &[&str] = &[
    "rs", "py", "pyi", "go", "js", "mjs", "ts", "tsx", "jsx", "java", "kt", "scala", "c", "cc",
    "cpp", "h", "hpp", "cs", "rb", "php", "swift", "jl", "r", "md", "rst", "html", "css", "proto",
    "ipynb",
];

/// Why a path's name says that it holds secrets.
pub(crate) fn kind(path: &[u8]) -> Option<&'static str> {
    let path = String::from_utf8_lossy(path).to_lowercase();
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    if parts.any(|folder| FOLDERS.contains(&folder)) {
        return Some("a folder of keys");
    }
    file_kind(name)
}

fn file_kind(name: &str) -> Option<&'static str> {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_source = SOURCES.contains(&ending);
    if name == ".env"
        || [".env.", ".env-", ".env_"]
            .iter()
            .any(|start| name.starts_with(start))
    {
        return Some("a file of variables");
    }
    if NAMES.contains(&name) {
        return Some("a file of credentials");
    }
    if KEYS.iter().any(|key| name.starts_with(key)) && ending != "pub" && !is_source {
        return Some("a private key");
    }
    if name.starts_with("credentials") && !is_source {
        return Some("a file of credentials");
    }
    if is_named_secret(name) && !is_source {
        return Some("a file of secrets");
    }
    ENDINGS
        .contains(&ending)
        .then_some("a key or a store of keys")
}

/// `secret.yaml`, `secrets.toml`, `client_secret_1.json`, but not `secretary.csv`.
fn is_named_secret(name: &str) -> bool {
    let mut words = name.split(['.', '_', '-']);
    words.any(|word| word == "secret" || word == "secrets")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known() {
        for name in [
            ".env",
            ".env.local",
            "a/b/.env.production",
            ".envrc",
            "prod.env",
            "id_rsa",
            "keys/id_ed25519",
            "ID_RSA",
            "id_rsa.bak",
            "server.pem",
            "tls.KEY",
            "credentials",
            "credentials.json",
            "Credentials.csv",
            ".netrc",
            ".npmrc",
            ".pypirc",
            ".aws/config",
            "home/.ssh/known_hosts",
            "secrets.yaml",
            "client_secret_12.json",
            "kaggle.json",
            "service-account.json",
            "terraform.tfstate",
            ".git-credentials",
            "vault.kdbx",
        ] {
            assert!(kind(name.as_bytes()).is_some(), "{name}");
        }
    }

    #[test]
    fn names_that_only_sound_alike_stay() {
        for name in [
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "environment.yml",
            "env.py",
            "src/secrets.rs",
            "credentials.rs",
            "id_rsa.pub",
            "keys.txt",
            "keyboard.csv",
            "secretary.csv",
            "monkey",
            "checkpoints/step-100.pt",
            "model.safetensors",
            "train.py",
            ".github/workflows/ci.yml",
            "envs/base.yml",
            ".environment.yml",
            "passwords.md",
        ] {
            assert_eq!(kind(name.as_bytes()), None, "{name}");
        }
    }
}
