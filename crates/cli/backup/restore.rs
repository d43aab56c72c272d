//! `mltrack backup restore`: a store of a backup.

use std::path::PathBuf;

use mltrack::{Lsn, Restored, TakeRestore};
use serde_json::{Value, json};

use super::{Teller, place};
use crate::context::{Context, now_ns};
use crate::failure::{Exit, Outcome};
use crate::output::quantity::{bytes, counted, grouped, took};
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};

/// Make a store of a backup in a folder that is not there or empty
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every part is compared with its hash, and the result is verified before it counts as a store. A restoration that was
killed is gone on with by the same command.

  mltrack backup restore /mnt/nas/mltrack ./restored
  mltrack -C ./restored runs")]
pub struct Arguments {
    /// Where the backups lie: a folder or an address
    #[arg(value_name = "SRC")]
    src: String,
    /// The folder that becomes the store
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// This backup, by its name or a beginning of it [default: the newest]
    #[arg(long, value_name = "BACKUP")]
    at: Option<String>,
    /// Leave the bytes of artifacts and data where they are
    #[arg(long)]
    no_artifacts: bool,
    /// Say what would be restored, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &[
    "id", "lsn", "segments", "bytes", "records", "blobs", "left_out", "path", "took_s", "dry_run",
];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = place(&arguments.src)?;
    let wish = TakeRestore {
        at: arguments.at.clone(),
        is_without_artifacts: arguments.no_artifacts,
        is_dry_run: arguments.dry_run,
    };
    let begun_ns = now_ns();
    let teller = Teller::new(context);
    let restored = place.restore(&arguments.dir, &wish, &|at| teller.tell(at))?;
    drop(teller);
    let took_ns = now_ns() - begun_ns;
    for url in &restored.left_out {
        context.note(&format!(
            "{url} was not in the backup: its bytes are looked for there"
        ));
    }
    let sheet = Sheet::of_one(
        FIELDS,
        item(arguments, &restored, took_ns),
        restored.last.map_or(0, Lsn::get),
        text(arguments, &restored, took_ns),
    );
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// In the order of [`FIELDS`].
fn item(arguments: &Arguments, restored: &Restored, took_ns: i64) -> Vec<Value> {
    vec![
        restored.id.as_str().into(),
        restored.last.map_or(0, Lsn::get).into(),
        restored.segments.into(),
        restored.len.into(),
        restored.records.into(),
        restored.blobs.into(),
        json!(restored.left_out),
        arguments.dir.display().to_string().into(),
        json!(took_ns as f64 / 1e9),
        arguments.dry_run.into(),
    ]
}

fn text(arguments: &Arguments, restored: &Restored, took_ns: i64) -> String {
    let what = format!(
        "{}: the log up to lsn {}, {}, {}; {}",
        restored.id,
        grouped(restored.last.map_or(0, Lsn::get)),
        counted(restored.segments, "segment"),
        bytes(restored.len),
        counted(restored.blobs, "blob")
    );
    let mut text = String::new();
    if arguments.dry_run {
        push_line(&mut text, &format!("  would restore {what}"));
        return text;
    }
    push_line(&mut text, &format!("  {what}"));
    let records = counted(restored.records, "record");
    push_line(
        &mut text,
        &format!("  {records} read and right  ({})", took(took_ns)),
    );
    let path = arguments.dir.display();
    push_line(&mut text, &format!("  mltrack -C '{path}' runs"));
    text
}
