//! `mltrack dataset split`: how the rows of a version are divided; the same seed divides them alike everywhere.
//!
//! Invariants: nothing is recorded, and nothing is written but the files that were asked for; of several files none is
//! written when one of them must not be.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use mltrack::{Code, Split, Splits};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome, file_failure};
use crate::look;
use crate::output::items::Envelope;
use crate::output::quantity::{counted, grouped};
use crate::output::{OutputArguments, People, Sheet, Sink, list_fields, print};
use crate::store;

/// Divide the rows of a version into parts, and tell which row is in which, counted from 0
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the fractions leave of the whole is in no part. Nothing is recorded.

  mltrack dataset split digits@v1 --into train=0.8,validation=0.1,test=0.1 --seed 7
  mltrack dataset split digits --into train=0.8,test=0.2 --seed 7 --by label --files parts")]
pub struct Arguments {
    /// The version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// The parts, each with its fraction of the rows
    #[arg(long, value_name = "PART=FRACTION", required = true, value_delimiter = ',', value_parser = part)]
    into: Vec<(Split, f64)>,
    /// What the random numbers start from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Every part gets its share of each value of this column
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// Write a file PART.txt for each part into this folder, a row's number on each line
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "files")]
    force: bool,
    /// Say what would be written, and write nothing
    #[arg(long, requires = "files")]
    dry_run: bool,
    #[command(flatten)]
    pub output: OutputArguments,
}

pub const FIELDS: &[&str] = &["row", "split"];

/// A part, and the rows that are in it.
pub type Part = (Split, Vec<u64>);

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let version = tracker.dataset_version(&arguments.selector)?;
    let splits = arguments.splits();
    let (total, parts) = version.divide(&splits)?;
    for (split, rows) in &parts {
        let digest = splits.record(split, total, rows)["rows_digest"].clone();
        context.note(&format!(
            "{split}: {} of {} of {}, seed {}, rows {}",
            grouped(rows.len() as u64),
            counted(total, "row"),
            version.selector(),
            arguments.seed,
            digest.as_str().unwrap_or_default()
        ));
    }
    arguments.answer(&parts, look::end(&tracker)?, context)
}

impl Arguments {
    /// The parts that were asked for.
    pub fn parts(&self) -> impl Iterator<Item = &Split> {
        self.into.iter().map(|(split, _)| split)
    }

    /// Writes the files, where they are wanted, and says which row is in which part.
    pub fn answer(&self, parts: &[Part], lsn: u64, context: &Context) -> Outcome {
        if let Some(folder) = &self.files {
            self.write(folder, parts, context)?;
        }
        let numbered = parts
            .iter()
            .flat_map(|(split, rows)| rows.iter().map(move |row| (split.name(), *row)));
        let numbered: Vec<(&str, u64)> = numbered.collect();
        let lines = numbered
            .iter()
            .map(|(split, row)| format!("{row}\t{split}\n"));
        let people = match &self.files {
            Some(_) => String::new(),
            None => lines.collect::<Vec<_>>().concat(),
        };
        let items = numbered.iter();
        let sheet = Sheet {
            fields: FIELDS,
            envelope: Envelope {
                total: numbered.len() as u64,
                lsn,
                next: Value::Null,
            },
            items: items
                .map(|(split, row)| vec![(*row).into(), (*split).into()])
                .collect(),
            people: People::Text(people),
        };
        print(&sheet, &self.output, &context.terminal)?;
        Ok(Exit::Done)
    }

    fn splits(&self) -> Splits {
        let splits = self.into.iter();
        let splits = splits.fold(Splits::new(self.seed), |splits, (split, fraction)| {
            splits.part(split.clone(), *fraction)
        });
        match &self.by {
            Some(column) => splits.stratified(column),
            None => splits,
        }
    }

    fn write(&self, folder: &Path, parts: &[Part], context: &Context) -> Outcome<()> {
        let file = |split: &Split| folder.join(format!("{}.txt", split.name()));
        let there = parts.iter().map(|(split, _)| file(split));
        if let Some(file) = there.filter(|_| !self.force).find(|file| file.exists()) {
            let what = format!("{} is there already", file.display());
            return Err(Failure::new(Code::Conflict, what)
                .hint("--force replaces it; or pass another folder")
                .into());
        }
        if !self.dry_run {
            fs::create_dir_all(folder).map_err(|error| file_failure("create", folder, &error))?;
        }
        for (split, rows) in parts {
            let file = file(split);
            let counted = counted(rows.len() as u64, "row");
            if self.dry_run {
                context.note(&format!("would write {} ({counted})", file.display()));
                continue;
            }
            let mut sink = Sink::to(Some(&file))?;
            for row in rows {
                writeln!(sink, "{row}")?;
            }
            sink.keep()?;
            context.note(&format!("wrote {} ({counted})", file.display()));
        }
        Ok(())
    }
}

/// `PART=FRACTION`. The part names a file, too.
fn part(word: &str) -> Result<(Split, f64), String> {
    let next = "give a part as PART=FRACTION, such as train=0.8";
    let (name, fraction) = word
        .split_once('=')
        .ok_or_else(|| format!("{word:?} has no fraction: {next}"))?;
    let fraction = fraction.trim().parse().ok();
    let fraction = fraction
        .filter(|fraction| (0.0..=1.0).contains(fraction))
        .ok_or_else(|| format!("{word:?} has no fraction from 0 to 1: {next}"))?;
    let name = name.trim();
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-');
    if name.is_empty() || !name.chars().all(is_plain) {
        return Err(format!(
            "{name:?} names no part: take letters, digits, `-` and `_`"
        ));
    }
    Ok((Split::from(name), fraction))
}
