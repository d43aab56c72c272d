//! `dataset get` and `model get` from a server: it says which files a version has, and they are written here.
//!
//! Invariants: those of `checkout.rs`; all files are of one version, whatever its selector means meanwhile.

use std::io::Write;
use std::sync::Arc;

use mltrack::{Checkout, Code, StoredFile};
use serde_json::Value;

use super::address::Address;
use super::asked::text;
use super::client::Client;
use crate::checkout::{self, Place};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, Stop};
use crate::output::list_fields;
use crate::{dataset, model};

/// The most files that are asked for at once.
const PAGE: &str = "1000";

pub fn dataset(
    arguments: &dataset::get::Arguments,
    address: &Address,
    context: &Context,
) -> Outcome {
    let (selector, checkout) = (&arguments.selector, &arguments.checkout);
    get(("datasets", selector), checkout, address, context)
}

pub fn model(arguments: &model::get::Arguments, address: &Address, context: &Context) -> Outcome {
    let (selector, checkout) = (&arguments.selector, &arguments.checkout);
    get(("models", selector), checkout, address, context)
}

fn get(
    (kind, selector): (&'static str, &str),
    arguments: &checkout::Arguments,
    address: &Address,
    context: &Context,
) -> Outcome {
    if list_fields(&arguments.output, checkout::FIELDS)? {
        return Ok(Exit::Done);
    }
    let client = Arc::new(Client::new(address)?);
    let version = Version::listed(&client, kind, selector)?;
    let selector = version.selector.clone();
    let fetch = move |path: &str, to: &mut dyn Write| {
        let fetched = client.download(&[kind, &selector, "bytes"], &[("path", path)], to);
        fetched.map_err(as_error)
    };
    let files = match arguments.place() {
        Place::Any(to) if kind == "datasets" => {
            Checkout::fetched_to(to, &version.source, version.files, fetch)?
        }
        Place::Any(folder) | Place::Folder(folder) => {
            Checkout::fetched(folder, version.files, fetch)?
        }
    };
    checkout::write(arguments, (version.lsn, &version.selector, &files), context)
}

/// A version as the server tells it.
struct Version {
    selector: String,
    source: String,
    files: Vec<StoredFile>,
    lsn: u64,
}

impl Version {
    fn listed(client: &Client, kind: &str, selector: &str) -> Outcome<Version> {
        let mut answer = client.json(&[kind, selector, "files"], &[("limit", PAGE)])?;
        let mut version = Version {
            selector: text(&answer["selector"])?,
            source: text(&answer["source"])?,
            files: Vec::new(),
            lsn: answer["lsn"].as_u64().unwrap_or(0),
        };
        loop {
            let items = answer["items"].as_array().into_iter().flatten();
            let files = items.map(stored).collect::<Result<Vec<_>, _>>()?;
            version.files.extend(files);
            let Some(next) = answer["next"].as_str().map(str::to_owned) else {
                return Ok(version);
            };
            let query = [("limit", PAGE), ("cursor", &*next)];
            answer = client.json(&[kind, &version.selector, "files"], &query)?;
        }
    }
}

fn stored(item: &Value) -> Result<StoredFile, Failure> {
    Ok(StoredFile {
        path: text(&item["path"])?,
        len: item["bytes"].as_u64().unwrap_or(0),
        blob: text(&item["blake3"])?.parse().map_err(|error| {
            Failure::new(Code::Network, "the server's answer names no content").cause(error)
        })?,
    })
}

fn as_error(stop: Stop) -> mltrack::Error {
    match stop {
        Stop::Failed(failure) => {
            let mut error = mltrack::Error::new(failure.code, failure.what);
            if let Some(hint) = failure.hint {
                error = error.with_hint(hint);
            }
            match failure.cause {
                Some(cause) => error.with_source(cause),
                None => error,
            }
        }
        Stop::ReaderGone | Stop::Interrupted => {
            mltrack::Error::new(Code::IoError, "the file cannot be written")
        }
    }
}
