//! `mltrack repair`: lets a damaged or poisoned store be used again. No byte is removed.

use mltrack::{RepairReport, Verify, repair};
use serde_json::{Value, json};

use crate::ask::Consent;
use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::quantity::counted;
use crate::output::{OutputArguments, Sheet, list_fields, print, push_line};
use crate::store;
use crate::verify::damage_text;

/// Recover the store, and let readers skip what is damaged
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["quarantined", "unpoisoned_at", "cut_at", "epoch"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = store::existing(context)?;
    let found = store::open_to_look(context)?.verify(Verify::Deep)?;
    let damages: Vec<String> = found
        .damages
        .iter()
        .filter(|damage| !damage.is_quarantined)
        .map(damage_text)
        .collect();
    for damage in &damages {
        context.note(damage);
    }
    let what = match damages.len() as u64 {
        0 => "recover the store; nothing is damaged".to_owned(),
        count => format!("let readers skip {}", counted(count, "damaged range")),
    };
    if !arguments.consent.given(&what, context)? {
        return Ok(Exit::Done);
    }
    let report = repair(&place.path)?;
    let lsn = report.opened.next.get() - 1;
    print(
        &Sheet::of_one(FIELDS, item(&report), lsn, text(&report)),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

fn item(report: &RepairReport) -> Vec<Value> {
    vec![
        report
            .quarantined
            .iter()
            .map(|damage| Value::from(damage_text(damage)))
            .collect(),
        json!(report.unpoisoned_at.map(mltrack::Lsn::get)),
        json!(report.opened.cut_at.map(mltrack::Lsn::get)),
        report.opened.epoch.to_string().into(),
    ]
}

fn text(report: &RepairReport) -> String {
    let mut text = String::new();
    if let Some(lsn) = report.opened.cut_at {
        push_line(
            &mut text,
            &format!(
                "  cut at lsn {}: what lay behind it is kept in trash/",
                lsn.get()
            ),
        );
    }
    if let Some(lsn) = report.unpoisoned_at {
        push_line(
            &mut text,
            &format!(
                "  a failed sync had stopped the log: it goes on at lsn {}",
                lsn.get()
            ),
        );
    }
    for damage in &report.quarantined {
        push_line(
            &mut text,
            &format!("  readers skip {}", damage_text(damage)),
        );
    }
    if text.is_empty() {
        text.push_str("  nothing had to be done\n");
    }
    text
}
