//! `mltrack exp new`: makes an experiment before its first run.

use mltrack::Direction;

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::{self, At};
use crate::output::{OutputArguments, Sheet, list_fields, print};
use crate::{pairs, store};

/// Make an experiment
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its name
    #[arg(value_name = "NAME")]
    name: String,
    /// What its runs are after: a metric and min or max; `@best` goes by it
    #[arg(long, value_name = "METRIC:min|max", value_parser = parse_goal)]
    goal: Option<(String, Direction)>,
    /// A tag
    #[arg(short, long = "tag", value_name = "K=V", value_parser = pairs::split)]
    tag: Vec<(String, String)>,
    /// Take over goal and tags of another experiment
    #[arg(long, value_name = "EXP")]
    from: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    output: OutputArguments,
}

const FIELDS: &[&str] = &["id"];

pub fn parse_goal(text: &str) -> Result<(String, Direction), String> {
    let parts = text
        .rsplit_once(':')
        .filter(|(metric, _)| !metric.is_empty());
    match parts {
        Some((metric, "min")) => Ok((metric.to_owned(), Direction::Min)),
        Some((metric, "max")) => Ok((metric.to_owned(), Direction::Max)),
        _ => Err(format!(
            "{text:?} is no goal: give it as loss:min or acc:max"
        )),
    }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, FIELDS)? {
        return Ok(Exit::Done);
    }
    let name = &arguments.name;
    if arguments.dry_run {
        context.note(&format!("would make experiment {name:?}"));
        return Ok(Exit::Done);
    }
    // Before a store is made for it: the model may not exist.
    let model = arguments
        .from
        .as_deref()
        .map(|from| model(from, context))
        .transpose()?;
    let tracker = store::open_to_begin(context)?;
    let mut tags = model
        .as_ref()
        .map(|model| model.tags.clone())
        .unwrap_or_default();
    tags.extend(arguments.tag.iter().cloned());
    let goal = arguments
        .goal
        .clone()
        .or_else(|| model.and_then(|model| model.goal));
    let mut builder = tracker.new_experiment(name);
    if let Some((metric, direction)) = goal {
        builder = builder.goal(metric, direction);
    }
    for (key, value) in &tags {
        builder = builder.tag(key, value);
    }
    let experiment = builder.create()?;
    let people =
        format!("made experiment {name:?}; begin a run with\n  mltrack run start {name}\n");
    let id = experiment.id().to_string();
    let lsn = look::end(&tracker)?;
    print(
        &Sheet::of_one(FIELDS, vec![id.into()], lsn, people),
        &arguments.output,
        &context.terminal,
    )?;
    Ok(Exit::Done)
}

fn model(name: &str, context: &Context) -> Outcome<look::ExperimentRow> {
    let tracker = store::open_to_look(context)?;
    Ok(look::experiment(&tracker, name, At::default(), context)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_a_metric_and_a_direction() {
        assert_eq!(
            parse_goal("val:acc:max"),
            Ok(("val:acc".to_owned(), Direction::Max))
        );
        for text in ["acc", "acc:up", ":min", ""] {
            assert!(parse_goal(text).unwrap_err().contains("loss:min"), "{text}");
        }
    }
}
