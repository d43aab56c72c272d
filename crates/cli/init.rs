//! `mltrack init`: makes a store.

use std::path::{Path, PathBuf};

use mltrack::{Code, STORE_FOLDER, is_store};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::store;

/// Make a store
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder to make .mltrack in; -C names the store's own folder instead
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Fix the size of segments: a power of two from 4KiB to 64MiB; they grow when not given
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    segment_size: Option<u32>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["path"];
const SEGMENT_LEN_MIN: u32 = 4 << 10;
const SEGMENT_LEN_MAX: u32 = 64 << 20;

fn parse_size(text: &str) -> Result<u32, String> {
    let refused = || format!("{text:?} is no segment size: give a power of two from 4KiB to 64MiB");
    let (digits, shift) = match text {
        _ if text.ends_with("KiB") => (&text[..text.len() - 3], 10),
        _ if text.ends_with("MiB") => (&text[..text.len() - 3], 20),
        _ => (text, 0),
    };
    let count: u32 = digits.trim().parse().map_err(|_| refused())?;
    let size = u64::from(count) << shift;
    let size = u32::try_from(size).map_err(|_| refused())?;
    let is_allowed = size.is_power_of_two() && (SEGMENT_LEN_MIN..=SEGMENT_LEN_MAX).contains(&size);
    if is_allowed { Ok(size) } else { Err(refused()) }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let path = match (&arguments.folder, &context.store) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage("DIR and -C both name where the store goes")
                .hint("mltrack init DIR")
                .into());
        }
        (Some(folder), None) => folder.join(STORE_FOLDER),
        (None, Some(store)) => store.clone(),
        (None, None) => Path::new(".").join(STORE_FOLDER),
    };
    if is_store(&path) {
        return Err(Failure::new(
            Code::InvalidState,
            format!("there is a store in {} already", path.display()),
        )
        .hint(format!("mltrack -C {} runs", path.display()))
        .into());
    }
    let shown = path.display().to_string();
    if arguments.dry_run {
        context.note(&format!("would make a store in {shown}"));
        return Ok(Exit::Done);
    }
    let mut builder = store::builder(&path);
    if let Some(size) = arguments.segment_size {
        builder = builder.segment_size(size);
    }
    builder.open()?.close()?;
    let people = format!("made a store in {shown}; undo by deleting that folder\n");
    print(
        &Sheet::of_one(FIELDS, vec![shown.into()], 0, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_units_and_bounds() {
        assert_eq!(parse_size("4KiB"), Ok(4096));
        assert_eq!(parse_size("64MiB"), Ok(64 << 20));
        assert_eq!(parse_size("8192"), Ok(8192));
        for text in [
            "",
            "5000",
            "2KiB",
            "128MiB",
            "4GB",
            "4294967295MiB",
            "-4096",
        ] {
            assert!(
                parse_size(text).unwrap_err().contains("power of two"),
                "{text}"
            );
        }
    }
}
