//! `mltrack dataset sample`: which rows of a version a sample takes; the same seed takes the same rows everywhere.

use mltrack::{Method, Sampling, Take};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look;
use crate::output::items::Envelope;
use crate::output::quantity::grouped;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::store;

/// Tell which rows of a version a sample takes, counted from 0
#[derive(Debug, clap::Args)]
#[command(after_help = "\
  mltrack dataset sample digits@v1 --count 100 --seed 7
  mltrack dataset sample digits --percent 5 --by label -q > rows.txt")]
pub struct Arguments {
    /// The version
    #[arg(value_name = "NAME[@VERSION]")]
    selector: String,
    /// random, systematic or reservoir; stratified with --by
    #[arg(long, value_name = "METHOD", default_value = "random")]
    method: Method,
    /// So many rows
    #[arg(long, value_name = "N", group = "take")]
    count: Option<u64>,
    /// So many in a hundred
    #[arg(long, value_name = "P", group = "take")]
    percent: Option<f64>,
    /// What the random numbers start from
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// As many rows of each value of this column as its share of the whole
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["row"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let version = tracker.dataset_version(&arguments.selector)?;
    let sampling = arguments.sampling()?;
    let (total, rows) = version.sample(&sampling)?;
    let digest = sampling.record(total, &rows)["rows_digest"].clone();
    let told = format!(
        "{} of {} rows of {}, seed {}, rows {}",
        grouped(rows.len() as u64),
        grouped(total),
        version.selector(),
        arguments.seed,
        digest.as_str().unwrap_or_default()
    );
    context.note(&told);
    let people: Vec<String> = rows.iter().map(|row| format!("{row}\n")).collect();
    let sheet = Sheet {
        fields: FIELDS,
        envelope: Envelope {
            total: rows.len() as u64,
            lsn: look::end(&tracker)?,
            next: Value::Null,
        },
        items: rows.iter().map(|row| vec![(*row).into()]).collect(),
        people: People::Text(people.concat()),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

impl Arguments {
    fn sampling(&self) -> Outcome<Sampling> {
        let take = match (self.count, self.percent) {
            (Some(count), _) => Take::Count(count),
            (None, Some(percent)) => Take::Percent(percent),
            (None, None) => Take::All,
        };
        let sampling = match (&self.by, &self.method) {
            (Some(by), Method::Random | Method::Stratified) => Sampling::stratified(take, by),
            (None, Method::Stratified) => {
                return Err(Failure::usage("a stratified sample needs a column")
                    .hint("--by COLUMN")
                    .into());
            }
            (Some(_), method) => {
                return Err(Failure::usage(format!("a {method} sample has no groups"))
                    .hint("leave --by out, or take --method stratified")
                    .into());
            }
            (None, Method::Systematic) => Sampling::systematic(take),
            (None, Method::Reservoir) => Sampling {
                take,
                ..Sampling::reservoir(0)
            },
            (None, _) => Sampling::random(take),
        };
        Ok(sampling.seed(self.seed))
    }
}
