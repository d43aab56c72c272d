//! `mltrack version`: the program's version and the store formats it reads.

use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::{OutputArguments, Sheet, print};

/// Print the version
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["version", "target", "profile"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let people = format!("mltrack {version} ({target}, {profile})\n");
    let item = vec![
        Value::from(version),
        Value::from(target),
        Value::from(profile),
    ];
    print(
        &Sheet::of_one(FIELDS, item, 0, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
