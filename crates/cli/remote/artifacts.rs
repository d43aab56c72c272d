//! `artifact get` from a server: which artifacts are meant is asked there, and their files are written here.
//!
//! Invariants: what a server names as a path stays within the folder that was asked for; a file appears when it is whole
//! and its bytes have the hash that the log has; all files are of one run, whatever `@last` means meanwhile.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mltrack::Code;
use mltrack_server::command::{CommandAsk, Screen};
use serde_json::Value;

use super::address::Address;
use super::client::Client;
use super::target::Target;
use crate::artifact_get::{Arguments, FIELDS, Known, Target as Place};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, file_failure};
use crate::output::list_fields;
use crate::output::progress::Progress;

pub fn get(arguments: &Arguments, address: &Address, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let client = Client::new(address)?;
    let run = match asked(&client, &["run", "show"], &["--", &arguments.run], context)? {
        Ok(answer) => text(&answer["items"][0]["id"])?,
        Err(code) => return Ok(Exit::Code(code)),
    };
    // Whether files are there is for this machine to say.
    let words = ["artifact", "get", "--dry-run", "--force"];
    let mut rest = vec!["--", &run];
    rest.extend(arguments.paths.iter().map(String::as_str));
    let answer = match asked(&client, &words, &rest, context)? {
        Ok(answer) => answer,
        Err(code) => return Ok(Exit::Code(code)),
    };
    let items = answer["items"].as_array().into_iter().flatten();
    let known = items.map(known).collect::<Result<Vec<_>, _>>()?;
    let lsn = answer["lsn"].as_u64().unwrap_or(0);
    arguments.write(&known, lsn, context, |place| {
        let total = known.iter().map(|known| known.len).sum();
        let mut progress = Progress::new("fetching", "bytes", Some(total), context);
        let mut done = 0;
        for (known, file) in known.iter().zip(place.files(&known)) {
            fetch(&client, &run, known, (place, &file))?;
            done += known.len;
            progress.at(done);
        }
        Ok(())
    })
}

/// The answer of a command in JSON, or its exit code when it failed, which it has said then.
fn asked(
    client: &Client<'_>,
    words: &[&str],
    rest: &[&str],
    context: &Context,
) -> Outcome<Result<Value, u8>> {
    let words = words.iter().chain(&["--json"]).chain(rest);
    let ask = CommandAsk {
        arguments: words.map(|word| (*word).to_owned()).collect(),
        screen: Screen {
            told_colour: context.stderr_colour,
            ..Screen::default()
        },
    };
    let mut target = Target::Kept(Vec::new(), Vec::new());
    let code = client.run(&ask, &mut target)?;
    let Target::Kept(answer, said) = target else {
        return Ok(Err(code));
    };
    if code == 0 {
        let answer = serde_json::from_slice(&answer).map_err(|error| {
            Failure::new(Code::Network, "the server's answer is no JSON").cause(error)
        })?;
        return Ok(Ok(answer));
    }
    Err(failure(&said)
        .unwrap_or_else(|| {
            // In words of another version, which are shown as they are.
            let _ = io::stderr().write_all(&said);
            Failure::new(
                Code::Network,
                format!("the server answers with exit code {code}"),
            )
        })
        .into())
}

/// What went wrong there, to be told in the form that is wanted here.
fn failure(said: &[u8]) -> Option<Failure> {
    let said: Value = serde_json::from_slice(said).ok()?;
    let code = Code::ALL.iter().find(|code| said["error"] == code.name())?;
    let part = |name: &str| said[name].as_str().map(str::to_owned);
    Some(Failure {
        code: *code,
        what: part("message")?,
        cause: part("cause"),
        hint: part("hint"),
        is_retryable: said["retryable"].as_bool().unwrap_or(false),
    })
}

fn text(value: &Value) -> Result<String, Failure> {
    value.as_str().map(str::to_owned).ok_or_else(|| {
        Failure::new(
            Code::Network,
            "the server's answer lacks what was asked for",
        )
        .hint("update mltrack there, or here")
    })
}

/// What a server says of an artifact. Its path becomes one of this machine, so it must be one.
fn known(item: &Value) -> Result<Known, Failure> {
    Ok(Known {
        path: mltrack::artifact_path(&text(&item["path"])?)?,
        version: item["version"].as_u64().unwrap_or(0),
        len: item["bytes"].as_u64().unwrap_or(0),
        blob: text(&item["blob"])?,
    })
}

fn fetch(client: &Client<'_>, run: &str, known: &Known, to: (&Place, &Path)) -> Outcome<()> {
    let (place, file) = to;
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| file_failure("create", folder, &error))?;
    if let Place::Folder(whole) = place {
        stay_within(whole, folder)?;
    }
    let draft = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)
        .map_err(|error| file_failure("write into", folder, &error))?;
    let name = format!("{}@v{}", known.path, known.version);
    let words = ["artifact", "cat", "--", run, &name];
    let ask = CommandAsk {
        arguments: words.map(str::to_owned).to_vec(),
        screen: Screen::default(),
    };
    let mut target = Target::Draft(draft, Box::default());
    let code = client.run(&ask, &mut target)?;
    let Target::Draft(draft, hasher) = target else {
        return Ok(());
    };
    let hash = hasher.finalize().to_hex();
    if code != 0 || hash.as_str() != known.blob {
        let what = format!("{} did not come as it was logged", known.path);
        return Err(Failure::new(Code::ArtifactMismatch, what)
            .hint(format!("mltrack artifact verify {run}"))
            .into());
    }
    let persisted = draft.persist(file);
    Ok(persisted
        .map(drop)
        .map_err(|error| file_failure("write", file, &error.error))?)
}

/// A link in a folder must not lead out of it.
fn stay_within(whole: &Path, folder: &Path) -> Result<(), Failure> {
    let real =
        |path: &Path| fs::canonicalize(path).map_err(|error| file_failure("find", path, &error));
    if real(folder)?.starts_with(real(whole)?) {
        return Ok(());
    }
    let what = format!(
        "a link leads from {} out of {}",
        folder.display(),
        whole.display()
    );
    Err(Failure::usage(what).hint("--into another folder"))
}
