//! `mltrack runs`: the table of runs, as it is, grouped, as a tree, or as it changes.
//!
//! Invariant: an [`Answer`] is made once for all forms, so a pipe and a terminal are told the same.

mod answer;
pub mod column;
mod content;
mod group;
pub mod pick;
pub mod row;
pub mod sheet;
mod tree;

use std::io::Write as _;

use mltrack::{PageToken, Tracker};

use crate::context::Context;
use crate::failure::{Exit, Outcome};
use crate::look::At;
use crate::output::items::ItemForm;
use crate::output::{Form, OutputArguments, Sink, list_fields};
use crate::plot::Glyphs;
use crate::watch::{Place, watch};
use crate::{replicates, store};
use answer::Answer;
use column::{Column, Columns, Sort, Sorts};
use group::grouped;
use pick::{Pick, Wish, check_pages, find};
use sheet::Choice;

/// List runs, newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Columns: loss (last value), loss.min, loss.min@step, =lr (parameter), .started (property), tags.paper;
max, mean, first and count like min. What ends in @step sorts by the step.

  mltrack runs resnet -f 'metrics.acc > 0.9' --sort -acc --top 3 --only-changed
  mltrack runs --group =lr,=optimizer --cols acc.max,loss --sort -acc.max
  mltrack runs resnet --by seed --cols acc.max --sort -acc.max
  mltrack runs --state running --watch")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own on the command line"
)]
pub struct Arguments {
    /// Only runs of this experiment
    #[arg(value_name = "EXP")]
    experiment: Option<String>,
    #[command(flatten)]
    pick: Pick,
    /// Sort by columns; - before one for largest first
    #[arg(long, value_name = "[-]COL,..", allow_hyphen_values = true)]
    sort: Vec<Sorts>,
    /// Show only so many
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// So many on a page; the answer names the next page
    #[arg(long, value_name = "N", conflicts_with = "top", value_parser = at_least_one)]
    limit: Option<usize>,
    /// The page that an answer with --limit named
    #[arg(
        long,
        value_name = "TOKEN",
        requires = "limit",
        conflicts_with = "moment"
    )]
    page: Option<PageToken>,
    /// Columns of the table, instead of the usual ones
    #[arg(long, value_name = "COL,..")]
    cols: Vec<Columns>,
    /// Columns of system metrics, too
    #[arg(long)]
    all: bool,
    /// Leave out columns that are equal in all runs
    #[arg(long)]
    only_changed: bool,
    /// One row for all runs that agree in these columns, with mean and deviation of the others
    #[arg(long, value_name = "COL,..", conflicts_with_all = ["tree", "only_changed", "limit", "quiet"])]
    group: Vec<Columns>,
    /// One row for all runs that agree in all params but these: --by seed; with mean, median, deviation and n
    #[arg(long, value_name = "PARAM,..", value_delimiter = ',',
          conflicts_with_all = ["tree", "only_changed", "limit", "quiet", "group"])]
    by: Vec<String>,
    /// Children below their parents
    #[arg(long, conflicts_with = "limit")]
    tree: bool,
    /// Show the answer again whenever it changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["moment", "page"])]
    watch: bool,
    /// End with 1 when no run matches
    #[arg(long, conflicts_with = "watch")]
    exit_status: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: OutputArguments,
}

/// What tells groups of replicates apart: the experiment where there are several, and every param that differs and is
/// not left out.
fn replicate_columns(rows: &[row::RunRow], by: &[String]) -> Vec<Column> {
    let first = rows.first().map(|row| &row.experiment);
    let has_many = rows.iter().any(|row| Some(&row.experiment) != first);
    let experiment = has_many.then_some(Column::Property(column::Property::Experiment));
    let params = replicates::differing(rows, by)
        .into_iter()
        .map(Column::Param);
    experiment.into_iter().chain(params).collect()
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a page holds one run or more".to_owned()),
        Ok(count) => Ok(count),
    }
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    let fields = if arguments.group.is_empty() && arguments.by.is_empty() {
        row::FIELDS
    } else {
        group::FIELDS
    };
    if list_fields(&arguments.output, fields)? {
        return Ok(Exit::Done);
    }
    if arguments.limit.is_some() {
        check_pages(&arguments.sorts())?;
    }
    let tracker = store::open_to_look(context)?;
    if arguments.watch {
        return watched(arguments, &tracker, context);
    }
    let answer = arguments.answer(&tracker, context)?;
    for remark in &answer.remarks {
        context.note(remark);
    }
    match arguments.output.form(&context.terminal) {
        Form::People => {
            let terminal = &context.terminal;
            terminal.page(&answer.table.fitted(terminal.width, terminal.colour))?;
        }
        Form::Markdown => arguments.write(answer.table.markdown().as_bytes())?,
        Form::Items(form) => {
            arguments.write(&answer.bytes(&form)?)?;
            remark(&answer, &form, context);
        }
    }
    Ok(if arguments.exit_status && answer.is_empty() {
        Exit::No
    } else {
        Exit::Done
    })
}

/// What is not in the lines. A JSON document says it itself, and whoever wants ids only wants nothing else.
fn remark(answer: &Answer, form: &ItemForm, context: &Context) {
    if matches!(form, ItemForm::Json(_) | ItemForm::Ids) || answer.is_whole() {
        return;
    }
    if let Some(note) = answer.table.notes.first() {
        context.note(note);
    }
    if let Some(next) = answer.next() {
        context.note(&format!("the next page: --page {next}"));
    }
}

/// In place on a terminal; elsewhere each answer behind the one before, when it is another one.
fn watched(arguments: &Arguments, tracker: &Tracker, context: &Context) -> Outcome {
    let form = arguments.output.form(&context.terminal);
    let mut place = Place::default();
    let mut before = None;
    let mut sink = match form {
        Form::People => Sink::stdout(),
        _ => arguments.output.growing_sink()?,
    };
    watch(tracker, || {
        let context = &context.renewed();
        let answer = arguments.answer(tracker, context)?;
        match &form {
            Form::People => {
                let terminal = &context.terminal;
                let text = answer.table.fitted(terminal.width, terminal.colour);
                place.show(&text, terminal.height)?;
            }
            Form::Markdown => {
                let text = answer.table.markdown();
                if before.as_deref() != Some(text.as_bytes()) {
                    sink.write_all(format!("{text}\n").as_bytes())?;
                    before = Some(text.into_bytes());
                }
            }
            Form::Items(form) => {
                let lines = answer.bytes_of_items(form)?;
                if before.as_ref() != Some(&lines) {
                    sink.write_all(&answer.bytes(form)?)?;
                    if matches!(form, ItemForm::Tsv) {
                        sink.write_all(b"\n")?;
                    }
                    before = Some(lines);
                }
            }
        }
        sink.flush()?;
        Ok(answer.lsn())
    })
}

impl Arguments {
    fn sorts(&self) -> Vec<Sort> {
        let sorts = self.sort.iter().flat_map(|Sorts(sorts)| sorts);
        sorts.cloned().collect()
    }

    fn answer(&self, tracker: &Tracker, context: &Context) -> Outcome<Answer> {
        let flat = |columns: &[Columns]| -> Vec<Column> {
            let columns = columns.iter().flat_map(|Columns(columns)| columns);
            columns.cloned().collect()
        };
        let (sorts, columns, by) = (self.sorts(), flat(&self.cols), flat(&self.group));
        let now_ns = context.started_ns;
        // Groups and trees are made of all runs, and cut afterwards.
        let is_grouped = !by.is_empty() || !self.by.is_empty();
        let is_cut_later = self.tree || is_grouped;
        let wish = Wish {
            experiment: self.experiment.as_deref(),
            pick: self.pick.clone(),
            sorts: if is_grouped { &[] } else { &sorts },
            limit: self.limit.or(self.top).filter(|_| !is_cut_later),
            page: self.page,
            at: self.at,
            with_deleted: false,
        };
        let mut found = find(tracker, &wish, context)?;
        found.next = found.next.filter(|_| self.limit.is_some());
        let top = self.top.unwrap_or(usize::MAX);
        if is_grouped {
            let by = if self.by.is_empty() {
                by
            } else {
                replicate_columns(&found.rows, &self.by)
            };
            let mut groups = grouped(&found.rows, &by, &columns, now_ns)?;
            groups.sort(&sorts)?;
            groups.rows.truncate(top);
            return Ok(Answer::of_groups(&groups, found.lsn));
        }
        if self.tree {
            found.rows = tree::arranged(found.rows, top, Glyphs::of_locale());
        }
        let choice = Choice {
            columns,
            only_changed: self.only_changed,
            with_system: self.all,
        };
        Ok(Answer::of_runs(&found, &choice, now_ns))
    }

    fn write(&self, bytes: &[u8]) -> Outcome<()> {
        let mut sink = self.output.sink()?;
        sink.write_all(bytes)?;
        sink.keep()
    }
}
