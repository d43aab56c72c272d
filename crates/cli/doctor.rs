//! `mltrack doctor`: is everything that mltrack needs in order, from the binary to the store's filesystem?

use std::fs;
use std::path::Path;

use mltrack::{Code, RunState, Tracker, Verify};
use serde_json::Value;

use crate::context::{Context, now_ns};
use crate::failure::{Exit, Failure, Outcome};
use crate::output::items::Envelope;
use crate::output::quantity::{counted, grouped, rfc3339};
use crate::output::style::Tone;
use crate::output::table::{Cell, Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::runs::pick::{Wish, find};
use crate::store;

/// Check what mltrack needs: store, filesystem, clock, runs
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["check", "state", "found", "hint"];

/// The clock is wrong when it is before this: 2026-01-01.
const CLOCK_NS_MIN: i64 = 1_767_225_600_000_000_000;

struct Finding {
    check: &'static str,
    state: State,
    found: String,
    hint: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warning,
    Bad,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Bad => "bad",
        }
    }
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            check,
            state: State::Ok,
            found: found.into(),
            hint: String::new(),
        }
    }

    fn of_error(check: &'static str, error: &mltrack::Error) -> Finding {
        let hint = error.hint().unwrap_or_default().to_owned();
        Finding {
            check,
            state: State::Bad,
            found: format!("{error:#}"),
            hint,
        }
    }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = store::existing(context)?;
    let mut findings = vec![
        clock(),
        Finding::ok(
            "store",
            format!("{} ({})", place.path.display(), place.source.text()),
        ),
    ];
    findings.push(filesystem(&place.path));
    findings.push(bytes(&place.path));
    findings.extend(look_at_runs(context));
    findings.push(write_access(&place.path));
    let sheet = Sheet {
        fields: FIELDS,
        items: findings.iter().map(item).collect(),
        envelope: Envelope {
            total: findings.len() as u64,
            lsn: 0,
            next: Value::Null,
        },
        people: People::Table(table(&findings)),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    let bad: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.state == State::Bad)
        .map(|finding| finding.check)
        .collect();
    match bad[..] {
        [] => Ok(Exit::Done),
        _ => Err(Failure::new(
            Code::Partial,
            format!("{} not in order", counted(bad.len() as u64, "thing")),
        )
        .cause(bad.join(", "))
        .into()),
    }
}

fn clock() -> Finding {
    let now_ns = now_ns();
    let found = rfc3339(now_ns);
    if now_ns >= CLOCK_NS_MIN {
        return Finding::ok("clock", found);
    }
    let hint = "set the system's clock: event times come from it".to_owned();
    Finding {
        check: "clock",
        state: State::Warning,
        found,
        hint,
    }
}

/// What the kernel says the store lies on.
fn filesystem(path: &Path) -> Finding {
    let kind = fs::canonicalize(path).ok().and_then(|path| {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        let mounts = mounts.lines().filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?.to_owned(), words.next()?.to_owned()))
        });
        mounts
            .filter(|(folder, _)| path.starts_with(folder))
            .max_by_key(|(folder, _)| folder.len())
            .map(|(_, kind)| kind)
    });
    match kind.as_deref() {
        Some(
            kind @ ("ext4" | "xfs" | "tmpfs" | "btrfs" | "zfs" | "overlay" | "ext2/ext3" | "ext3"),
        ) => Finding::ok("filesystem", kind),
        Some(kind) => Finding {
            check: "filesystem",
            state: State::Warning,
            found: format!(
                "{kind}: its locks are not known to be trustworthy, so writers use their spool"
            ),
            hint: "keep the store on a local disk".to_owned(),
        },
        None => Finding {
            check: "filesystem",
            state: State::Warning,
            found: "the system does not say".to_owned(),
            hint: String::new(),
        },
    }
}

fn bytes(path: &Path) -> Finding {
    let opened = Tracker::builder(path).create(false).read_only(true).open();
    match opened.and_then(|tracker| tracker.verify(Verify::Quick)) {
        Err(error) => Finding::of_error("bytes", &error),
        Ok(report) if report.is_sound() => Finding::ok(
            "bytes",
            format!(
                "{} in {}",
                counted(report.segments, "segment"),
                crate::output::quantity::bytes(report.bytes)
            ),
        ),
        Ok(report) => Finding {
            check: "bytes",
            state: State::Bad,
            found: counted(report.damages.len() as u64, "damaged range"),
            hint: "mltrack verify --deep".to_owned(),
        },
    }
}

fn look_at_runs(context: &Context) -> Vec<Finding> {
    let answer =
        store::open_to_look(context).and_then(|tracker| find(&tracker, &Wish::default(), context));
    let Ok(found) = answer else {
        let hint = "mltrack runs".to_owned();
        return vec![Finding {
            check: "answers",
            state: State::Bad,
            found: "the log cannot be folded".to_owned(),
            hint,
        }];
    };
    let lost = found
        .rows
        .iter()
        .filter(|row| row.state == RunState::Lost)
        .count() as u64;
    let told = format!(
        "{}, {} events",
        counted(found.total, "run"),
        grouped(found.lsn)
    );
    let mut findings = vec![Finding::ok("answers", told)];
    if lost > 0 {
        findings.push(Finding {
            check: "lost runs",
            state: State::Warning,
            found: format!("{} whose processes are gone", counted(lost, "run")),
            hint: "mltrack runs --state lost".to_owned(),
        });
    }
    findings
}

fn write_access(path: &Path) -> Finding {
    let opened = store::builder(path)
        .create(false)
        .open()
        .and_then(Tracker::close);
    match opened {
        Ok(()) => Finding::ok("writing", "the lock can be had"),
        Err(error) => Finding::of_error("writing", &error),
    }
}

fn item(finding: &Finding) -> Vec<Value> {
    vec![
        finding.check.into(),
        finding.state.word().into(),
        finding.found.as_str().into(),
        finding.hint.as_str().into(),
    ]
}

fn table(findings: &[Finding]) -> Table {
    let columns = vec![
        Column::text("check"),
        Column::text("state"),
        Column::text("found"),
        Column::text("hint"),
    ];
    let cells = |finding: &Finding| {
        let tone = match finding.state {
            State::Ok => Tone::Good,
            State::Warning => Tone::Warning,
            State::Bad => Tone::Bad,
        };
        vec![
            finding.check.into(),
            Cell::toned(finding.state.word(), tone),
            finding.found.as_str().into(),
            finding.hint.as_str().into(),
        ]
    };
    Table {
        columns,
        rows: findings.iter().map(cells).collect(),
        notes: Vec::new(),
    }
}
