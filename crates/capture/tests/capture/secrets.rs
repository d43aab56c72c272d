//! Secrets of every shape are found, and what only looks like one stays.

use mltrack_capture::secrets;
use proptest::prelude::*;

/// Letters and digits that are no pattern, as many as asked for.
fn drawn(len: usize) -> String {
    "q8Zr3KpW7vXn2LmT5sYb9HcD4fGj6RkQ1wEaVuNtBxJzMyPo0iUdSgFhClOeA"
        .chars()
        .cycle()
        .take(len)
        .collect()
}

fn capitals(len: usize) -> String {
    drawn(len * 2)
        .to_uppercase()
        .chars()
        .filter(|c| !"0189".contains(*c))
        .take(len)
        .collect()
}

fn hexadecimal(len: usize) -> String {
    "3f9a1c07e5b2d84661f0a97b3ce58d24"
        .chars()
        .cycle()
        .take(len)
        .collect()
}

/// Tokens whose shape alone tells what they are. Put together here, so that this file holds none.
fn tokens() -> Vec<String> {
    vec![
        format!("AK{}{}", "IA", capitals(16)),
        format!("AS{}{}", "IA", capitals(16)),
        format!("gh{}_{}", "p", drawn(36)),
        format!("gh{}_{}", "s", drawn(36)),
        format!("github_{}_{}", "pat", drawn(60)),
        format!("glp{}-{}", "at", drawn(20)),
        format!("xo{}-123456789012-{}", "xb", drawn(24)),
        format!(
            "https://hooks.{}/services/T000/B000/{}",
            "slack.com",
            drawn(24)
        ),
        format!("sk_{}_{}", "live", drawn(24)),
        format!("rk_{}_{}", "test", drawn(24)),
        format!("s{}-{}", "k", drawn(48)),
        format!("s{}-proj-{}", "k", drawn(48)),
        format!("s{}-ant-api03-{}", "k", drawn(80)),
        format!("AI{}{}", "za", drawn(35)),
        format!("ya{}.{}", "29", drawn(60)),
        format!("ey{}.eyJ{}.{}", "JhbGciOiJIUzI1NiJ9", drawn(20), drawn(43)),
        format!("h{}_{}", "f", drawn(34)),
        format!("np{}_{}", "m", drawn(36)),
        format!("pyp{}-AgEIcHlwaS5vcmc{}", "i", drawn(60)),
        format!("da{}{}", "pi", hexadecimal(32)),
        format!(
            "-----BEGIN {} KEY-----\n{}\n-----END",
            "RSA PRIVATE",
            drawn(64)
        ),
        format!("-----BEGIN {} KEY-----\n{}", "OPENSSH PRIVATE", drawn(64)),
        format!("-----BEGIN {} KEY BLOCK-----", "PGP PRIVATE"),
        format!("postgres://admin:{}@db.local/x", "hunter2"),
        format!("https://{}@github.com/team/code.git", drawn(30)),
    ]
}

/// Assignments whose key tells.
fn assignments() -> Vec<String> {
    let mut assignments: Vec<String> = [
        "password = \"hunter2\"",
        "password: 'correct-horse'",
        "DB_PASSWORD=correcthorse",
        "export SECRET_KEY=abc123def",
        "\"api_key\": \"k3y-value\"",
        "client_secret: s3cr3tv4lue",
        "os.environ[\"API_KEY\"] = \"k3yk3y\"",
        "passwd=x7y8z9",
        "  aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYzzzzKEY1",
        "password: str = \"hunter2\"",
        "{\\\"password\\\": \\\"hunter2\\\"}",
        "<password>hunter2</password>",
        "curl --password hunter2 x",
        "mysql --api-key=k3yk3y",
        "auth_token: 'a1b2c3d4e5f6'",
        "PGPASSWORD=hunter2",
        "passphrase = 'correct horse battery'",
        "password: 12345678",
    ]
    .map(str::to_owned)
    .into();
    assignments.push(format!("token = \"{}\"", drawn(32)));
    assignments.push(format!("HF_TOKEN={}", hexadecimal(20)));
    assignments.push(format!("Authorization: Bearer {}", drawn(32)));
    assignments.push(format!("_authToken={}", drawn(36)));
    assignments.push(format!("DATABASE_URL=mysql://root:{}@host:3306/db", "p4ss"));
    assignments
}

#[test]
fn secrets_of_every_shape_are_found_in_any_surroundings() {
    for secret in tokens().into_iter().chain(assignments()) {
        for text in [
            secret.clone(),
            format!("+{secret}\n"),
            format!("first\n  {secret}\nlast"),
            format!("-{secret}"),
            // Long texts are looked through in another way than short ones.
            format!("{}{secret}\n", "a line of code\n".repeat(400)),
        ] {
            assert!(secrets::content(text.as_bytes()).is_some(), "{text}");
            assert_ne!(secrets::mask(&text), text);
        }
    }
}

#[test]
fn what_is_masked_does_not_show_the_secret() {
    for token in tokens() {
        let tail = token
            .split(['@', '/'])
            .next_back()
            .map_or(token.as_str(), |tail| tail);
        let masked = secrets::mask(&format!("before {token} after")).into_owned();
        assert!(
            masked.contains(secrets::MASK) && masked.starts_with("before "),
            "{masked}"
        );
        if !token.contains('@') {
            assert!(!masked.contains(tail), "{masked}");
        }
    }
    assert_eq!(
        secrets::mask("password = \"hunter2\" # x"),
        "password = \"***\" # x"
    );
    assert_eq!(
        secrets::mask("a=1 --token abc123def456ghi789 b"),
        "a=1 --token *** b"
    );
}

#[test]
fn two_bytes_per_letter_hide_nothing() {
    let wide: Vec<u8> = "password = \"hunter2\"\n"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    assert!(secrets::content(&wide).is_some());
}

#[test]
fn what_training_is_full_of_stays() {
    let texts = [
        "commit 7bf1e0c5d0a94b6c8f3e2d1a0b9c8d7e6f5a4b3c",
        "run 01890a5d-ac96-774b-bcce-b302099a8057",
        "checkpoints/step-001000/model-00001-of-00004.safetensors",
        "TOKENIZERS_PARALLELISM=false",
        "tokenizer.json tokenizer_config.json special_tokens_map.json",
        "tokenizer = AutoTokenizer.from_pretrained(\"bert-base-uncased\")",
        "max_tokens = 4096\nnum_tokens: 123456789012345678",
        "pad_token = \"<|endoftext|>\"\neos_token: \"</s>\"",
        "token = next(tokens)\ntoken: Token = self.peek()\nlet token = lexer.token();",
        "password = os.environ[\"PASSWORD\"]\npassword: str\npassword = None\npassword=password",
        "api_key = os.getenv(\"OPENAI_API_KEY\")\napi_key: Optional[str] = None\napi_key=config.api_key",
        "secret: ${{ secrets.GITHUB_TOKEN }}\npassword: \"{{ db_password }}\"\nAPI_KEY=<your-key>",
        "fn password(&self) -> &str { &self.password }\npub password: String,\nsecret: Vec<u8>,",
        "sk-learn sk-estimator-doc-link-with-a-long-name hf_model_name_or_path hf_dataset",
        "integrity sha512-v8Zr3KpW7vXn2LmT5sYb9HcD4fGj6RkQ1wEaVuNtBxJzMyPo0iUdSg==",
        "checksum = \"7bf1e0c5d0a94b6c8f3e2d1a0b9c8d7e6f5a4b3c7bf1e0c5d0a94b6c8f3e2d1a\"",
        "git@github.com:team/code.git https://github.com/team/code.git ssh://git@host/x",
        "primary_key = \"id12345678\"\nsort_key: 'created_at_2024'\nkey = \"metrics/loss_123456789\"",
        "secret_name: my-app-1\nsecretKeyRef:\n  name: my-secret\npassword_file: /run/secrets/db",
        "author = \"Jane Doe\"\nbypass = true\nkeyboard: qwerty12",
        "cross_attention_key_value_states = hidden_states2",
        "pub const ES_PASSWORD: DWORD = 0x0020;\npub const USE_PASSWORD: u32 = 2048u32;\nMASTER_SECRET => 0x0017,",
        "pub const NTE_BAD_PASSWORD: HRESULT = 0x80090033_u32 as _;\nconst SHARED_KEY: c_ulong = 12345678;",
        "Self::AccountKey => \"storage_account_key\",\npub const E_BAD_PASSWORD: i32 = -2147215605i32;",
        "access_token: node.colon2_token,\nAccessToken: WBEM_128BITS,",
        "compass: 0.123456789012 passes=100 pass_rate = 0.98765432109876",
    ];
    for text in texts {
        for line in text.lines() {
            assert_eq!(secrets::find(line.as_bytes()), [], "{line}");
        }
        assert_eq!(secrets::content(text.as_bytes()), None, "{text}");
        assert_eq!(secrets::mask(text), text);
    }
}

/// The worst texts known for patterns of this kind; a pattern that tried again at every place would not end.
#[test]
fn no_text_makes_the_search_slow() {
    let len = 1 << 20;
    let texts = [
        "password".repeat(len / 8),
        "password=".repeat(len / 9),
        "a".repeat(len),
        "://:".repeat(len / 4),
        "eyJ.".repeat(len / 4),
        "-----BEGIN ".repeat(len / 11),
        "\"".repeat(len),
        "token: \\".repeat(len / 8),
        "key = ".repeat(len / 6),
        "sk-".repeat(len / 3),
    ];
    for text in texts {
        let started = std::time::Duration::from_secs(20);
        let (sender, receiver) = std::sync::mpsc::channel();
        let head: String = text.chars().take(12).collect();
        std::thread::spawn(move || sender.send(secrets::find(text.as_bytes()).len()));
        assert!(
            receiver.recv_timeout(started).is_ok(),
            "a megabyte of {head:?} takes too long"
        );
    }
}

/// Pieces of text that secrets are made of, and of what is around them.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "password",
        "API_KEY",
        "token",
        "--secret",
        "hf_token",
        "=",
        ": ",
        " = ",
        "\"",
        "'",
        "://",
        "@",
        ":",
        "/",
        "\n",
        " ",
        "\\",
        "{",
        "}",
        "***",
        "é",
        "hunter2",
        "user",
        "https",
        "Bearer ",
        "Authorization: ",
        "<password>",
        "</password>",
        "passphrase",
    ];
    prop_oneof![
        6 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => proptest::sample::select(tokens()),
        1 => (8_usize..50).prop_map(drawn),
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_masked_once_holds_no_secret_any_more(pieces in proptest::collection::vec(piece(), 0..20)) {
        let text = pieces.concat();
        let found = secrets::find(text.as_bytes());
        prop_assert!(found.iter().all(|found| !found.range.is_empty() && found.range.end <= text.len()));
        prop_assert!(found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        prop_assert_eq!(secrets::content(text.as_bytes()).is_some(), !found.is_empty());
        let masked = secrets::mask(&text).into_owned();
        let again = secrets::mask(&masked);
        prop_assert_eq!(&again, &masked, "{}", text);
    }

    #[test]
    fn no_bytes_and_no_arguments_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..300), words in proptest::collection::vec(piece(), 0..8)) {
        secrets::content(&bytes);
        secrets::private_key(&bytes);
        secrets::file_name(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        secrets::url(&text);
        secrets::variable(&text, &text);
        prop_assert_eq!(secrets::arguments(&words).len(), words.len());
    }
}
