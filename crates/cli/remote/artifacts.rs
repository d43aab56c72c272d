//! `artifact get` from a server: which artifacts are meant is asked there, and their files are written here.
//!
//! Invariants: what a server names as a path stays within the folder that was asked for; a file appears when it is whole
//! and its bytes have the hash that the log has; all files are of one run, whatever `@last` means meanwhile.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mltrack::Code;
use mltrack_server::command::{CommandAsk, Screen};
use serde_json::Value;

use super::address::Address;
use super::asked::{asked, text};
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
    let words = ["run", "show", "--json", "--", &arguments.run];
    let (answer, _) = asked(&client, &words, context)?;
    let run = text(&answer["items"][0]["id"])?;
    // Whether files are there is for this machine to say.
    let mut words = vec![
        "artifact",
        "get",
        "--dry-run",
        "--force",
        "--json",
        "--",
        &run,
    ];
    words.extend(arguments.paths.iter().map(String::as_str));
    let (answer, _) = asked(&client, &words, context)?;
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

/// What a server says of an artifact. Its path becomes one of this machine, so it must be one.
fn known(item: &Value) -> Result<Known, Failure> {
    Ok(Known {
        path: mltrack::artifact_path(&text(&item["path"])?)?,
        version: item["version"].as_u64().unwrap_or(0),
        len: item["bytes"].as_u64().unwrap_or(0),
        blob: text(&item["blob"])?,
    })
}

fn fetch(client: &Client, run: &str, known: &Known, to: (&Place, &Path)) -> Outcome<()> {
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
        positions: false,
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
