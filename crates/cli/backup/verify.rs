//! `mltrack backup verify`: is every part what was stored?

use mltrack::{BackupCheck, Code};
use serde_json::{Value, json};

use super::{Teller, place};
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::output::quantity::{bytes, counted, took};
use crate::output::style::{Tone, paint};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};

/// Read every part of the backups in a place and compare it with its hash
#[derive(Debug, clap::Args)]
#[command(after_help = "Ends with 5 when a part is damaged or missing.")]
pub struct Arguments {
    /// A folder or an address
    #[arg(value_name = "DST")]
    dst: String,
    /// Only this backup, by its name or a beginning of it
    #[arg(long, value_name = "BACKUP")]
    at: Option<String>,
    /// Take damaged objects away: the next backup stores again what the store still has
    #[arg(long)]
    remove_damaged: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "sound", "backups", "parts", "bytes", "damages", "removed", "took_s",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = place(&arguments.dst)?;
    let begun_ns = now_ns();
    let teller = Teller::new(context);
    let removes = arguments.remove_damaged;
    let checked = place.check(arguments.at.as_deref(), removes, &|at| teller.tell(at))?;
    drop(teller);
    let took_ns = now_ns() - begun_ns;
    let sheet = Sheet::of_one(
        FIELDS,
        item(&checked, took_ns),
        0,
        text(&checked, took_ns, context),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    if checked.is_sound() {
        return Ok(Exit::Done);
    }
    Err(failure(&checked, &arguments.dst).into())
}

/// In the order of [`FIELDS`].
fn item(checked: &BackupCheck, took_ns: i64) -> Vec<Value> {
    vec![
        checked.is_sound().into(),
        checked.backups.into(),
        checked.parts.into(),
        checked.bytes.into(),
        json!(checked.damages),
        checked.removed.into(),
        json!(took_ns as f64 / 1e9),
    ]
}

fn text(checked: &BackupCheck, took_ns: i64, context: &Context) -> String {
    let (word, tone) = if checked.is_sound() {
        ("ok", Tone::Good)
    } else {
        ("damaged", Tone::Bad)
    };
    let mut text = format!(
        "  {}  {}  {}  {}  ({})\n",
        counted(checked.backups, "backup"),
        counted(checked.parts, "part"),
        bytes(checked.bytes),
        paint(word, tone, context.terminal.colour),
        took(took_ns)
    );
    for damage in &checked.damages {
        push_line(&mut text, &format!("  {damage}"));
    }
    text
}

fn failure(checked: &BackupCheck, place: &str) -> Failure {
    let count = counted(checked.damages.len() as u64, "part");
    let hint = if checked.removed > 0 {
        format!("mltrack backup '{place}'  (stores again what the store still has)")
    } else {
        format!("mltrack backup verify '{place}' --remove-damaged, then mltrack backup '{place}'")
    };
    Failure::new(
        Code::Corrupt,
        format!("{count} damaged or missing in {place}"),
    )
    .cause(checked.damages.join("; "))
    .hint(hint)
}
