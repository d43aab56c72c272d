//! `mltrack config show`: what is in force, and where each value comes from.

use mltrack::{Root, RootSource, artifact_roots, is_store};
use serde_json::Value;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::output::items::Envelope;
use crate::output::table::{Column, Table};
use crate::output::{OutputArguments, People, Sheet, list_fields, pager, print};
use crate::plot::Glyphs;
use crate::store::Surroundings;

/// Print every setting, its value and its source
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["name", "value", "source"];

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let settings = settings(context)?;
    let columns = vec![
        Column::text("setting"),
        Column::text("value"),
        Column::text("source"),
    ];
    let cells = |[name, value, source]: &[String; 3]| {
        [name, value, source]
            .map(|text| text.clone().into())
            .to_vec()
    };
    let table = Table {
        columns,
        rows: settings.iter().map(cells).collect(),
        notes: Vec::new(),
    };
    let sheet = Sheet {
        fields: FIELDS,
        items: settings
            .iter()
            .map(|setting| setting.iter().cloned().map(Value::from).collect())
            .collect(),
        envelope: Envelope {
            total: settings.len() as u64,
            lsn: 0,
            next: Value::Null,
        },
        people: People::Table(table),
    };
    print(&sheet, &arguments.output, &context.terminal)?;
    Ok(Exit::Done)
}

/// Name, value, source.
fn settings(context: &Context) -> Outcome<Vec<[String; 3]>> {
    let surroundings = Surroundings::of_process(context.store.as_deref());
    let (store, store_source) = match surroundings.place() {
        Some(place) if is_store(&place.path) => {
            (place.path.display().to_string(), place.source.text())
        }
        Some(place) => (
            format!("{} (not there yet)", place.path.display()),
            place.source.text(),
        ),
        None => ("none".to_owned(), "nothing found"),
    };
    let place = surroundings.place().filter(|place| is_store(&place.path));
    let [artifacts, data] = match place {
        Some(place) => artifact_roots(&place.path)?.map(|root| {
            let source = match (root.source, root.root) {
                (RootSource::Variable, Root::Artifacts) => "MLTRACK_ARTIFACTS",
                (RootSource::Variable, Root::Data) => "MLTRACK_DATA",
                (source, _) => source.text(),
            };
            (root.url, source)
        }),
        None => [
            ("none".to_owned(), "there is no store"),
            ("none".to_owned(), "there is no store"),
        ],
    };
    let (user_store, user_source) = match &surroundings.user_store {
        Some(path) => (
            path.display().to_string(),
            if is_set("XDG_DATA_HOME") {
                "XDG_DATA_HOME"
            } else {
                "HOME"
            },
        ),
        None => ("none".to_owned(), "neither XDG_DATA_HOME nor HOME is set"),
    };
    let (pager, pager_source) = pager();
    let (actor, actor_source) = actor();
    let locale = if Glyphs::of_locale() == Glyphs::Braille {
        "braille"
    } else {
        "ascii"
    };
    let colour = if context.terminal.colour { "on" } else { "off" };
    let settings = [
        ("store", store, store_source),
        ("artifacts", artifacts.0, artifacts.1),
        ("data", data.0, data.1),
        ("user store", user_store, user_source),
        ("actor", actor, actor_source),
        ("color", colour.to_owned(), context.terminal.colour_source),
        ("plot", locale.to_owned(), "locale"),
        ("pager", pager, pager_source),
    ];
    let owned =
        |(name, value, source): (&str, String, &str)| [name.to_owned(), value, source.to_owned()];
    Ok(settings.map(owned).to_vec())
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Who events are attributed to.
fn actor() -> (String, &'static str) {
    for name in ["USER", "LOGNAME"] {
        if let Ok(value) = std::env::var(name)
            && !value.is_empty()
        {
            return (value, name);
        }
    }
    ("unknown".to_owned(), "default")
}
