//! Answers questions of the screen from a store, one after another, and remembers what need not be read again.
//!
//! Invariant: a filter that is wrong leaves the list as the last right one made it, and is told beside it.

use std::sync::Arc;

use mltrack::{
    Error, FilterError, LoggedLine, Result, RunId, RunQuery, RunState, RunSummary, Tracker, door,
};

use super::curves::Curves;
use super::list::{Listed, list};
use crate::look::SERIES_MAX;
use crate::question::{Answer, Question, Refusal, StateCount, is_system};

/// Reads a store for the screen.
pub struct Reader {
    tracker: Tracker,
    scope: Scope,
    /// The last filter that was a right one.
    filter: String,
    curves: Curves,
    lines: Option<KnownLines>,
}

/// Which runs there are at all, whatever is typed.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub experiment: Option<String>,
    pub filters: Vec<String>,
}

struct KnownLines {
    run: RunId,
    /// How many lines the run had, and how many of them were asked for.
    known: (u64, usize),
    lines: Arc<Vec<LoggedLine>>,
}

impl Scope {
    pub fn query(&self, tracker: &Tracker, filter: &str) -> RunQuery {
        let mut query = tracker.runs();
        if let Some(name) = &self.experiment {
            query = query.experiment(name);
        }
        for filter in &self.filters {
            query = query.filter(filter);
        }
        if filter.trim().is_empty() {
            query
        } else {
            query.filter(filter)
        }
    }
}

impl Reader {
    pub fn new(tracker: Tracker, scope: Scope) -> Reader {
        Reader {
            tracker,
            scope,
            filter: String::new(),
            curves: Curves::default(),
            lines: None,
        }
    }

    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    pub fn answer(&mut self, question: &Question) -> Result<Answer> {
        let mut answer = Answer {
            question: question.clone(),
            ..Answer::default()
        };
        let listed = self.listed(question, &mut answer)?;
        self.count(&mut answer)?;
        (answer.total, answer.lsn) = (listed.total, listed.lsn);
        (answer.top, answer.cursor, answer.first) = (listed.top, listed.cursor, listed.first);
        (answer.rows, answer.notes) = (listed.rows, listed.notes);
        answer.drawn = self.drawn(question, &answer)?;
        self.chart(question, &mut answer)?;
        if let Some(run) = answer.drawn.first().cloned() {
            answer.lines = self.lines(&run, question.line_count)?;
        }
        if question.compares {
            answer.comparison = Some(self.compare(question));
        }
        let next = self.tracker.next_lsn()?.map_or(0, mltrack::Lsn::get);
        answer.behind = next.saturating_sub(answer.lsn + 1);
        answer.time_ns = door::wall_time_ns();
        Ok(answer)
    }

    fn listed(&mut self, question: &Question, answer: &mut Answer) -> Result<Listed> {
        if question.filter != self.filter {
            match list(&self.tracker, &self.scope, &question.filter, question) {
                Ok(listed) => {
                    self.filter.clone_from(&question.filter);
                    return Ok(listed);
                }
                Err(error) => answer.refusal = Some(refusal(error)?),
            }
        }
        list(&self.tracker, &self.scope, &self.filter, question)
    }

    /// How many runs are in which state, and how many points they have: from the columns, no run is decoded.
    fn count(&self, answer: &mut Answer) -> Result<()> {
        let query = self.scope.query(&self.tracker, &self.filter);
        let by = ["attributes.status"];
        let grouped = query.fetch_groups(&by, &["attributes.points"], RunState::ALL.len())?;
        for group in &grouped.groups {
            let points = group.summaries.first();
            answer.points += points.map_or(0.0, |sum| sum.mean.unwrap_or(0.0) * sum.count as f64);
            let name = group.values.first().and_then(Option::as_deref);
            let state = RunState::ALL
                .iter()
                .find(|state| Some(state.name()) == name);
            answer.counts.extend(state.map(|state| StateCount {
                state: *state,
                runs: group.rows,
            }));
        }
        let place =
            |count: &StateCount| RunState::ALL.iter().position(|state| *state == count.state);
        answer.counts.sort_by_key(place);
        Ok(())
    }

    /// The run under the cursor, the baseline and the marked ones.
    fn drawn(&self, question: &Question, answer: &Answer) -> Result<Vec<Arc<RunSummary>>> {
        let chosen = answer.row(answer.cursor).cloned();
        let chosen_id = chosen.as_ref().map(|run| run.id);
        let mut others: Vec<RunId> = Vec::new();
        for id in question.baseline.iter().chain(&question.marked) {
            if Some(*id) != chosen_id && !others.contains(id) {
                others.push(*id);
            }
        }
        others.truncate(SERIES_MAX - 1);
        let others = if others.is_empty() {
            Vec::new()
        } else {
            self.tracker.run_summaries(&others)?
        };
        Ok(chosen
            .into_iter()
            .chain(others.into_iter().map(Arc::new))
            .collect())
    }

    fn chart(&mut self, question: &Question, answer: &mut Answer) -> Result<()> {
        let (Some(wish), Some(chosen)) = (question.charts, answer.drawn.first()) else {
            return Ok(());
        };
        let labels = chosen.metrics.keys();
        let (system, own): (Vec<&String>, Vec<&String>) =
            labels.partition(|label| is_system(label));
        answer.labels = own.into_iter().chain(system).cloned().collect();
        let wanted: Vec<String> = {
            let labels = answer.labels.iter().skip(wish.first).take(wish.count);
            labels.cloned().collect()
        };
        answer.charts = self
            .curves
            .charts(&self.tracker, &answer.drawn, &wanted, wish)?;
        Ok(())
    }

    fn lines(&mut self, run: &RunSummary, count: usize) -> Result<Arc<Vec<LoggedLine>>> {
        let known = (run.lines, count);
        if run.lines == 0 || count == 0 {
            return Ok(Arc::default());
        }
        if let Some(kept) = &self.lines
            && (kept.run, kept.known) == (run.id, known)
        {
            return Ok(Arc::clone(&kept.lines));
        }
        let lines = Arc::new(self.tracker.lines(run.id).last(count).fetch()?);
        self.lines = Some(KnownLines {
            run: run.id,
            known,
            lines: Arc::clone(&lines),
        });
        Ok(lines)
    }

    fn compare(&self, question: &Question) -> Result<Arc<mltrack::Comparison>, String> {
        let mut runs: Vec<RunId> = question.baseline.into_iter().collect();
        let marked = question.marked.iter();
        runs.extend(marked.filter(|id| Some(**id) != question.baseline));
        let mut query = self.tracker.compare(runs).across(true);
        if let Some(baseline) = question.baseline {
            query = query.baseline(baseline);
        }
        query
            .fetch()
            .map(Arc::new)
            .map_err(|error| error.to_string())
    }
}

/// What is wrong with a filter; any other error is handed on.
fn refusal(error: Error) -> Result<Refusal> {
    let source = std::error::Error::source(&error);
    let Some(wrong) = source.and_then(|source| source.downcast_ref::<FilterError>()) else {
        return Err(error);
    };
    Ok(Refusal {
        text: wrong.text().to_owned(),
        message: wrong.message().to_owned(),
        start: wrong.span().start,
        end: wrong.span().end,
        suggestion: wrong.suggestion().map(str::to_owned),
    })
}
