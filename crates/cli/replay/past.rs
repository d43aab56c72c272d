//! A store of the past: the log up to a point, in a folder of its own.

use std::path::Path;

use mltrack::{Code, Lsn, WallTime};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::moment::{Moment, before};
use crate::output::progress::Progress;
use crate::output::quantity::{bytes, counted, grouped};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::{look, store};

const FIELDS: &[&str] = &["lsn", "segments", "bytes", "path"];

pub fn run(to: Moment, into: &Path, output: &OutputArguments, context: &Context) -> Outcome {
    if list_fields(output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    if into.symlink_metadata().is_ok() {
        return Err(
            Failure::new(Code::InvalidState, format!("{} exists", into.display()))
                .cause("a store of the past is made in a folder of its own")
                .hint("name a folder that does not exist yet")
                .into(),
        );
    }
    let last = match to {
        Moment::Start => None,
        Moment::End => Lsn::new(look::end(&tracker)?),
        Moment::Lsn(lsn) => Lsn::new(lsn),
        Moment::Ago(length) => tracker.last_at(WallTime(before(context.started_ns, length)))?,
        Moment::At(time_ns) => tracker.last_at(WallTime(time_ns))?,
    };
    let mut progress = Progress::new("copying", "segments", None, context);
    let prefix = tracker.copy_until(last, into, &mut |done, all| progress.at_of(done, all))?;
    drop(progress);
    let lsn = prefix.last.map_or(0, Lsn::get);
    let path = into.display().to_string();
    let item: Vec<Value> = vec![
        lsn.into(),
        prefix.segments.into(),
        prefix.bytes.into(),
        json!(path),
    ];
    let people = format!(
        "  the log up to lsn {}: {}, {}\n  mltrack -C {path} runs\n",
        grouped(lsn),
        counted(prefix.segments, "segment"),
        bytes(prefix.bytes),
    );
    print(
        &Sheet::of_one(FIELDS, item, lsn, people),
        output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}
