//! Tables of an experiment and of a run for who runs no program: what stands in the page's document besides it.
//!
//! Invariants: every text of the store is escaped, also where a browser with a program skips it; an answer has a bounded
//! number of rows and letters; the page never waits long for it.

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::Uri;
use mltrack::{Direction, ExperimentSummary, Goal, RunSummary, Tracker, WallTime, door};
use url::form_urlencoded;

use crate::blocking::blocking;
use crate::home::escaped;
use crate::native::{Moment, experiment_at, run_at, runs_at, time_text};
use crate::scope_native::decoded;
use crate::shared::Shared;

/// Runs of one document.
const RUNS_SHOWN: usize = 100;
/// Parameters, metrics or tags of one document.
const ROWS_SHOWN: usize = 500;
/// Letters of a text.
const TEXT_LEN_MAX: usize = 300;
/// Whoever has a program does without the tables after so long.
const WAIT: Duration = Duration::from_secs(2);

/// What is to be seen at an address of the page without its program; nothing where there is nothing of this kind.
pub async fn first(shared: &Shared, uri: &Uri) -> String {
    let Some(asked) = Asked::of(uri) else {
        return String::new();
    };
    let tracker = shared.tracker().clone();
    let drawn = blocking(move || asked.draw(&tracker));
    let drawn = tokio::time::timeout(WAIT, drawn).await;
    let inner = drawn.unwrap_or_else(|_| {
        let text = "The store takes in what was logged. Load this page again in a moment.";
        format!("<p>{text}</p>")
    });
    format!("<noscript><main class=\"page first\">{inner}</main></noscript>")
}

struct Asked {
    is_run: bool,
    name: String,
    offset: usize,
    at: Option<String>,
}

impl Asked {
    fn of(uri: &Uri) -> Option<Asked> {
        let mut parts = uri.path().split('/').skip(1);
        let is_run = match parts.next()? {
            "experiments" => false,
            "runs" => true,
            _ => return None,
        };
        let name = decoded(parts.next().filter(|name| !name.is_empty())?);
        let (mut offset, mut at) = (0, None);
        for (key, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*key {
                "offset" => offset = value.parse().unwrap_or(0),
                "at" => at = Some(value.into_owned()),
                _ => {}
            }
        }
        Some(Asked {
            is_run,
            name,
            offset,
            at,
        })
    }

    fn draw(&self, tracker: &Tracker) -> String {
        let drawn = Moment::of(self.at.as_deref()).and_then(|moment| {
            if self.is_run {
                let (run, _) = run_at(tracker, &self.name, moment)?;
                return Ok(self.run(&run));
            }
            let (experiment, _) = experiment_at(tracker, &self.name, moment)?;
            let runs = runs_at(tracker, experiment.id, moment, (self.offset, RUNS_SHOWN))?;
            Ok(self.experiment(&experiment, &runs.items, runs.total))
        });
        drawn.unwrap_or_else(|fault| {
            let text = text(&fault.message);
            format!("<h1>mltrack</h1><p>{text}.</p><p><a href=\"/\">Experiments</a></p>")
        })
    }

    /// An address of the page as of the same moment.
    fn href(&self, path: &str, offset: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if offset > 0 {
            query.append_pair("offset", &offset.to_string());
        }
        if let Some(at) = &self.at {
            query.append_pair("at", at);
        }
        let query = query.finish();
        let sign = if query.is_empty() { "" } else { "?" };
        escaped(&format!("{path}{sign}{query}"))
    }

    fn experiment(&self, known: &ExperimentSummary, runs: &[RunSummary], total: usize) -> String {
        let goal = known.goal.as_ref();
        let mut rows = String::new();
        for run in runs {
            let place = self.href(&format!("/runs/{}", run.id), 0);
            let name = text(&run.name);
            let name = format!("<a class=\"name\" dir=\"auto\" href=\"{place}\">{name}</a>");
            let (started, took) = times(run);
            let best = goal.map(|goal| best_of(run, goal));
            let cells = [name, run.state.name().to_owned(), started, took];
            row(&mut rows, cells.into_iter().chain(best));
        }
        let path = format!("/experiments/{}", known.id);
        let first = self.offset.min(total);
        let last = first + runs.len();
        let mut more = String::new();
        if first > 0 {
            let place = self.href(&path, first.saturating_sub(RUNS_SHOWN));
            write!(more, "<a rel=\"prev\" href=\"{place}\">Newer runs</a> ").unwrap_or_default();
        }
        if last < total {
            let place = self.href(&path, last);
            write!(more, "<a rel=\"next\" href=\"{place}\">Older runs</a>").unwrap_or_default();
        }
        let goal = goal.map(goal_title);
        let head = ["Name", "State", "Started (UTC)", "Duration"].map(str::to_owned);
        let about = match runs {
            [] => format!("{total} runs"),
            _ => format!("Runs {} to {last} of {total}, the newest first", first + 1),
        };
        let (home, title) = (self.href("/", 0), text(&known.name));
        let table = table(head.into_iter().chain(goal), &rows);
        format!(
            "<p><a href=\"{home}\">Experiments</a></p><h1 class=\"name\" dir=\"auto\">{title}</h1>
<p class=\"soft\">{about}.</p>{table}<p>{more}</p>"
        )
    }

    fn run(&self, run: &RunSummary) -> String {
        let (started, took) = times(run);
        let place = self.href(&format!("/experiments/{}", run.experiment), 0);
        let experiment = text(&run.experiment_name);
        let mut facts = format!(
            "<p>{} in <a class=\"name\" dir=\"auto\" href=\"{place}\">{experiment}</a>, started {started} UTC, {took}. \
             <code>{}</code></p>",
            run.state.name(),
            run.id
        );
        if let Some(error) = &run.error {
            let (kind, message) = (text(&error.kind), text(&error.message));
            write!(
                facts,
                "<p class=\"name\" dir=\"auto\">{kind}: {message}</p>"
            )
            .unwrap_or_default();
        }
        let params = run.params.iter();
        let params = params.map(|(name, value)| [text(name), text(&value.to_string())]);
        let params = section("Parameters", ["Name", "Value"], run.params.len(), params);
        let metrics = run.metrics.iter().map(|(name, known)| {
            let points = [Some(known.last), known.min, known.max];
            let [last, min, max] =
                points.map(|point| point.map_or_else(String::new, |point| number(point.value)));
            [text(name), last, min, max, known.count.to_string()]
        });
        let head = ["Name", "Last", "Smallest", "Largest", "Values"];
        let metrics = section("Metrics", head, run.metrics.len(), metrics);
        let tags = run.tags.iter();
        let tags = tags.map(|(name, value)| [text(name), text(value)]);
        let tags = section("Tags", ["Name", "Value"], run.tags.len(), tags);
        let (home, title) = (self.href("/", 0), text(&run.name));
        format!(
            "<p><a href=\"{home}\">Experiments</a></p><h1 class=\"name\" dir=\"auto\">{title}</h1>{facts}{metrics}{params}{tags}"
        )
    }
}

fn section<const N: usize>(
    title: &str,
    head: [&str; N],
    total: usize,
    cells: impl Iterator<Item = [String; N]>,
) -> String {
    if total == 0 {
        return String::new();
    }
    let mut rows = String::new();
    cells
        .take(ROWS_SHOWN)
        .for_each(|cells| row(&mut rows, cells));
    let rest = match total.saturating_sub(ROWS_SHOWN) {
        0 => String::new(),
        left => format!("<p class=\"soft\">{left} more: mltrack run show</p>"),
    };
    let table = table(head.map(str::to_owned), &rows);
    format!("<h2>{title}</h2>{table}{rest}")
}

/// Cells are HTML already.
fn row(rows: &mut String, cells: impl IntoIterator<Item = String>) {
    rows.push_str("<tr>");
    for cell in cells {
        write!(rows, "<td dir=\"auto\">{cell}</td>").unwrap_or_default();
    }
    rows.push_str("</tr>\n");
}

fn table(head: impl IntoIterator<Item = String>, rows: &str) -> String {
    let mut titles = String::new();
    for title in head {
        write!(titles, "<th scope=\"col\">{title}</th>").unwrap_or_default();
    }
    format!("<table><thead><tr>{titles}</tr></thead><tbody>\n{rows}</tbody></table>")
}

fn goal_title(goal: &Goal) -> String {
    let which = match goal.direction {
        Direction::Min => "smallest",
        Direction::Max => "largest",
    };
    format!("{} ({which})", text(&goal.metric))
}

fn best_of(run: &RunSummary, goal: &Goal) -> String {
    let known = run.metrics.get(&goal.metric);
    let best = known.and_then(|known| match goal.direction {
        Direction::Min => known.min,
        Direction::Max => known.max,
    });
    best.map(|point| number(point.value)).unwrap_or_default()
}

/// When it started, and how long it ran or has been running.
fn times(run: &RunSummary) -> (String, String) {
    let Some(started) = run.started else {
        return ("-".to_owned(), "not started".to_owned());
    };
    let until = run.ended.unwrap_or(WallTime(door::wall_time_ns()));
    let took_s = until.0.saturating_sub(started.0).max(0) / 1_000_000_000;
    let took = duration(took_s as u64);
    let took = if run.ended.is_some() {
        took
    } else {
        format!("{took} so far")
    };
    let time = time_text(started);
    let shown = time.get(..19).unwrap_or(&time).replace('T', " ");
    (format!("<time datetime=\"{time}\">{shown}</time>"), took)
}

fn duration(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min {rest} s"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// The shortest digits that mean this number.
fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && size.is_finite() && !(1e-4..1e15).contains(&size) {
        return format!("{value:e}");
    }
    value.to_string()
}

/// A text of the store as HTML, cut where it is very long.
fn text(whole: &str) -> String {
    match whole.char_indices().nth(TEXT_LEN_MAX) {
        None => escaped(whole),
        Some((end, _)) => escaped(&whole[..end]) + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_told_in_two_units_at_most() {
        let told = [0, 61, 3_660, 90_000].map(duration);
        assert_eq!(told, ["0 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn numbers_are_told_as_they_are() {
        let told = [0.1, 1e-7, f64::NAN, f64::NEG_INFINITY, 0.0, 3e20].map(number);
        assert_eq!(told, ["0.1", "1e-7", "NaN", "-inf", "0", "3e20"]);
    }

    #[test]
    fn a_long_text_is_cut_between_letters_and_escaped() {
        assert_eq!(text("<b>"), "&lt;b&gt;");
        let long = text(&"ü<".repeat(TEXT_LEN_MAX));
        assert_eq!(long.matches("&lt;").count(), TEXT_LEN_MAX / 2);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn only_addresses_of_experiments_and_runs_have_tables() {
        let of = |text: &str| Asked::of(&text.parse().unwrap());
        assert!(of("/log").is_none() && of("/runs/").is_none());
        let asked = of("/experiments/a%20b?offset=200&at=7").unwrap();
        assert_eq!((&*asked.name, asked.offset), ("a b", 200));
        assert_eq!(asked.href("/x", 100), "/x?offset=100&amp;at=7");
    }
}
