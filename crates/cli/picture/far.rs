//! `plot` of a store on a server: it draws there, and the file is written here.
//!
//! Invariant: what is named on the command line as a file is one of this machine, and appears when all of it came.

use std::io::{self, Write as _};

use serde_json::Value;

use super::{Arguments, FIELDS};
use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::list_fields;
use crate::remote::Asking;

/// What is for this machine to do.
const HERE: &[&str] = &["json", "format"];

pub fn run(arguments: &Arguments, asking: &Asking<'_>, context: &Context) -> Outcome {
    if list_fields(&arguments.telling(), FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = arguments.place()?;
    let mut words = asking.words_but(HERE)?;
    words.insert(1, "--json".to_owned());
    let (answer, said) = asking.json(&words, context)?;
    // Whether anybody listens here changes nothing about the picture.
    drop(io::stderr().lock().write_all(&said));
    words[1] = format!("--format={}", place.form.name());
    let bytes = if place.is_written() {
        asking.bytes(&words)?
    } else {
        Vec::new()
    };
    place.write(&bytes)?;
    let item = &answer["items"][0];
    let mut told: Vec<Value> = FIELDS.iter().map(|field| item[*field].clone()).collect();
    if told[6].is_null() {
        let what = "the server's answer lacks what was drawn";
        return Err(Failure::new(mltrack::Code::Network, what)
            .hint("update mltrack there, or here")
            .into());
    }
    if place.is_written() {
        told[1] = place.name().map_or(Value::Null, Value::from);
        told[2] = place.form.name().into();
        told[5] = bytes.len().into();
    }
    arguments.say(&told, answer["lsn"].as_u64().unwrap_or(0), context)
}
