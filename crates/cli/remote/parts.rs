//! `dataset split --files` of a server: which row is in which part is said there, and the files are written here.

use std::io::{self, Write as _};

use super::address::Address;
use super::asked::asked;
use super::client::Client;
use super::words::Given;
use crate::context::Context;
use crate::dataset::split::{Arguments, FIELDS, Part};
use crate::failure::{Exit, Outcome};
use crate::output::list_fields;

/// What is done with the answer, which is for this machine to do.
const HERE: &[&str] = &[
    "files", "force", "dry_run", "json", "ndjson", "csv", "md", "quiet",
];

pub fn split(
    arguments: &Arguments,
    given: &Given<'_>,
    address: &Address,
    context: &Context,
) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let mut words = given.travelling_but(HERE)?;
    words.insert(2, "--json".to_owned());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (answer, said) = asked(&Client::new(address)?, &words, context)?;
    // Whether anybody listens there changes nothing about the answer.
    drop(io::stderr().lock().write_all(&said));
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    let parts = arguments.parts().map(|split| {
        let of_part = items.iter().filter(|item| item["split"] == split.name());
        let rows = of_part.filter_map(|item| item["row"].as_u64()).collect();
        (split.clone(), rows)
    });
    let parts: Vec<Part> = parts.collect();
    arguments.answer(&parts, answer["lsn"].as_u64().unwrap_or(0), context)
}
