//! `mltrack compare`: runs side by side, or groups of replicates, and whether they really differ.
//!
//! Invariants: the library decides what differs and what is significant; here it is only shown. A difference is always
//! the group less the baseline.

mod code;
mod item;
mod outcome;
mod patch;
mod result;
mod sheet;

use mltrack::{CompareTest, Comparison, Direction, RunId, Tracker};
use serde_json::Value;

use crate::context::Context;
use crate::exp_new::parse_goal;
use crate::failure::{Exit, Outcome};
use crate::look::At;
use crate::output::items::Envelope;
use crate::output::{Form, OutputArguments, People, Sheet, list_fields, print};
use crate::{look, store};
use code::{Code, Fact};
use patch::FilePatch;

/// Compare 2 to 100 runs, or groups of replicates, with a baseline
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Tests: t (Student), welch, paired and signed-rank (pairs of equal seeds), wilcoxon (rank-sum),
anova and kruskal (all groups at once), bootstrap. p-values are corrected for one another (Holm).

  mltrack compare 3fe9 91c2
  mltrack compare 3fe9 91c2 --by seed --test welch
  mltrack compare -f 'lr > 0.01' --baseline 91c2 --goal loss:min --test kruskal")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Arguments {
    /// Ids' beginnings, names, EXP/12, @last, @running or @best
    #[arg(value_name = "RUN")]
    runs: Vec<String>,
    /// Also runs that match: see `mltrack help filters`
    #[arg(short, long, value_name = "FILTER")]
    filter: Vec<String>,
    /// Compare the others with this run; with the first one otherwise
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Let a run stand for all completed ones that are equal but for these parameters
    #[arg(long, value_name = "PARAM,..", value_delimiter = ',')]
    by: Vec<String>,
    /// Test whether metrics differ, over replicates (--by seed unless given)
    #[arg(
        long,
        value_name = "t|welch|paired|signed-rank|wilcoxon|anova|kruskal|bootstrap"
    )]
    test: Option<CompareTest>,
    /// Call a corrected p-value below this significant; intervals are of 1 - ALPHA
    #[arg(long, value_name = "ALPHA", default_value_t = 0.05)]
    alpha: f64,
    /// Which end of a metric is better, beside the goal of the experiment
    #[arg(long, value_name = "METRIC:min|max", value_parser = parse_goal)]
    goal: Vec<(String, Direction)>,
    /// Also what is equal, and metrics of the machine
    #[arg(long)]
    all: bool,
    /// Runs of several experiments, too
    #[arg(long)]
    across: bool,
    /// Also in what the environments differ
    #[arg(long)]
    env: bool,
    /// Also in what commits and patches differ, file by file; --all for all lines
    #[arg(long)]
    code: bool,
    /// End with 1 when they differ; with --test, when a difference is significant
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

/// What was found, in all its parts.
struct Found {
    compared: Comparison,
    /// Of environments and code.
    facts: Vec<Fact>,
    /// Files that the patches change in different ways.
    files: Vec<FilePatch>,
    /// Whether p-values were asked for.
    is_tested: bool,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.output, item::FIELDS)? {
        return Ok(Exit::Done);
    }
    let tracker = store::open_to_look(context)?;
    let compared = arguments.compared(&tracker, context)?;
    for note in arguments.idle_goals(&compared) {
        context.note(&note);
    }
    let Code { facts, files } = code::facts(&tracker, &compared, (arguments.env, arguments.code))?;
    let found = Found {
        compared,
        facts,
        files,
        is_tested: arguments.test.is_some(),
    };
    arguments.tell(&found, context)?;
    let is_no = arguments.exit_code && found.differs();
    // The process ends here: the system takes the memory back at once, and not value by value.
    std::mem::forget(found);
    Ok(if is_no { Exit::No } else { Exit::Done })
}

impl Arguments {
    /// Programs get item by item, as each is made; only people need the table.
    fn tell(&self, found: &Found, context: &Context) -> Outcome<()> {
        let envelope = Envelope {
            total: item::count(found) as u64,
            lsn: look::lsn_number(found.compared.lsn),
            next: Value::Null,
        };
        let Form::Items(form) = self.output.form(&context.terminal) else {
            let sheet = Sheet {
                fields: item::FIELDS,
                items: Vec::new(),
                envelope,
                people: self.people(found, context),
            };
            return print(&sheet, &self.output, &context.terminal);
        };
        let names = item::names(found);
        let items: Vec<_> = item::items(found, &names).collect();
        let mut writer = self.output.items(form, item::FIELDS)?;
        writer.items(&items)?;
        writer.finish(&envelope)?.keep()
    }

    /// The table, and behind it the lines of patches.
    fn people(&self, found: &Found, context: &Context) -> People {
        let table = sheet::table(found);
        let lines_max = if self.all {
            usize::MAX
        } else {
            patch::LINES_MAX
        };
        let is_shown = self.output.form(&context.terminal) == Form::People;
        let colour = context.terminal.colour && is_shown;
        match patch::lines(found, lines_max, colour) {
            lines if lines.is_empty() => People::Table(table),
            lines => People::TableAndLines(table, lines),
        }
    }

    fn compared(&self, tracker: &Tracker, context: &Context) -> Outcome<Comparison> {
        let named = |name: &String| look::named_run(tracker, name, self.at);
        let baseline = self.baseline.as_ref().map(named).transpose()?;
        let mut runs = look::named_runs(tracker, &self.runs, self.at)?;
        runs.extend(self.matching(tracker, context)?);
        let mut query = tracker
            .compare(runs)
            .alpha(self.alpha)
            .all(self.all)
            .across(self.across);
        if !self.by.is_empty() {
            query = query.by(self.by.iter());
        }
        if let Some(run) = baseline {
            query = query.baseline(run);
        }
        if let Some(test) = self.test {
            query = query.test(test);
        }
        for (metric, direction) in &self.goal {
            query = query.direction(metric, *direction);
        }
        Ok(self.at.of_comparison(query, context).fetch()?)
    }

    /// Goals of metrics that none of the runs has, in words: they say nothing about the answer.
    fn idle_goals(&self, compared: &Comparison) -> Vec<String> {
        let runs = || compared.groups.iter().flat_map(|group| &group.runs);
        let is_known = |name: &String| runs().any(|run| run.metrics.contains_key(name));
        let idle = self.goal.iter().filter(|(name, _)| !is_known(name));
        idle.map(|(name, _)| {
            format!("--goal {name}: none of the runs has this metric; mltrack run show RUN says what they have")
        })
        .collect()
    }

    /// The runs that the filters admit; none without a filter.
    fn matching(&self, tracker: &Tracker, context: &Context) -> Outcome<Vec<RunId>> {
        if self.filter.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = tracker.runs();
        for filter in &self.filter {
            query = query.filter(filter);
        }
        Ok(self.at.of_runs(query, context).fetch_ids()?.items)
    }
}

impl Found {
    /// With tests, whether a difference is significant; else whether anything differs.
    fn differs(&self) -> bool {
        if self.is_tested {
            let mut outcomes = self.compared.outcomes();
            return outcomes.any(|outcome| outcome.is_significant);
        }
        let params = self.compared.params.iter().any(|param| param.differs);
        let metrics = self.compared.metrics.iter().any(|metric| metric.differs);
        params || metrics || !self.facts.is_empty() || !self.files.is_empty()
    }
}
