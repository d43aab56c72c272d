//! `mltrack lineage link` and `unlink`: what nothing logged can know.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mltrack::{Code, EdgeKind};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::{look, store};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Where data comes from
    #[arg(value_name = "FROM")]
    from: String,
    /// Where it goes
    #[arg(value_name = "TO")]
    to: String,
    /// In which way
    #[arg(long, value_name = "KIND", default_value = "derived_from", value_parser = kinds())]
    kind: EdgeKind,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const KINDS: [EdgeKind; 9] = [
    EdgeKind::Contains,
    EdgeKind::UsesDataset,
    EdgeKind::UsesModel,
    EdgeKind::UsesArtifact,
    EdgeKind::Produces,
    EdgeKind::DerivedFrom,
    EdgeKind::Evaluates,
    EdgeKind::Transforms,
    EdgeKind::Reproduces,
];

const FIELDS: &[&str] = &["from", "to", "kind", "changed"];

fn kinds() -> impl TypedValueParser<Value = EdgeKind> {
    let names = PossibleValuesParser::new(KINDS.map(EdgeKind::name));
    names.map(|name| {
        let known = KINDS.into_iter().find(|kind| kind.name() == name);
        known.expect("the parser admits names of kinds only")
    })
}

pub fn run(arguments: &Arguments, is_link: bool, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = if arguments.dry_run {
        store::open_to_look(context)?
    } else {
        store::open_to_write(context)?
    };
    let (from, to) = (
        tracker.find_node(&arguments.from)?,
        tracker.find_node(&arguments.to)?,
    );
    let kind = arguments.kind;
    let links = tracker.links(None)?;
    let stands = links
        .iter()
        .any(|link| (&link.from, &link.to, link.kind) == (&from, &to, kind));
    let words = format!("{from} -> {to} ({kind})");
    if !is_link && !stands {
        return Err(Failure::new(Code::NotFound, format!("no link {words}"))
            .cause("only links that were made by hand can be taken back")
            .hint(format!("mltrack lineage {from} --down --depth 1"))
            .into());
    }
    if arguments.dry_run {
        let would = if is_link { "link" } else { "unlink" };
        context.note(&format!("would {would} {words}"));
        return Ok(Exit::Done);
    }
    let changed = if is_link {
        tracker.link(&from, &to, kind)?
    } else {
        tracker.unlink(&from, &to, kind)?
    };
    let people = match (is_link, changed) {
        (true, true) => {
            format!("  linked {words}; undo: mltrack lineage unlink {from} {to} --kind {kind}\n")
        }
        (true, false) => format!("  {words} was linked already\n"),
        (false, _) => {
            format!("  unlinked {words}; undo: mltrack lineage link {from} {to} --kind {kind}\n")
        }
    };
    let item: Vec<Value> = vec![
        from.to_string().into(),
        to.to_string().into(),
        kind.name().into(),
        changed.into(),
    ];
    let sheet = Sheet::of_one(FIELDS, item, look::end(&tracker)?, people);
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}
