//! Which runs and which metrics the words name.
//!
//! Invariant: a word is a run, else an experiment, else a metric that the runs have; one that is none of these is an
//! error, never an empty picture. The beginning of an id gives way to a metric of the other runs that is called so.

use std::collections::BTreeSet;

use mltrack::{Code, Tracker};

use super::Arguments;
use crate::context::Context;
use crate::failure::{Failure, Outcome};
use crate::look;
use crate::runs::column::Column;
use crate::runs::pick::{Wish, find};
use crate::runs::row::RunRow;

/// What is to be drawn.
pub struct Chosen {
    pub rows: Vec<RunRow>,
    /// Patterns of metrics; all when empty.
    pub globs: Vec<String>,
    /// What the metrics' context must have, as people write it.
    pub context: String,
    /// Which steps were asked for, as people write it, with a space before it; nothing when it is all.
    steps: String,
    pub lsn: u64,
    /// How many runs there were before some were left out.
    pub found: usize,
}

impl Chosen {
    pub fn find(arguments: &Arguments, tracker: &Tracker, context: &Context) -> Outcome<Chosen> {
        let experiments: BTreeSet<String> = {
            let items = tracker.experiments().fetch()?.items.into_iter();
            items.map(|experiment| experiment.name).collect()
        };
        let mut chosen = Chosen {
            rows: Vec::new(),
            globs: arguments.metric.clone(),
            context: in_words(&arguments.context),
            steps: arguments.steps_in_words(),
            lsn: 0,
            found: 0,
        };
        let (mut unknown, mut short) = (Vec::new(), Vec::new());
        let mut has_runs = false;
        for word in &arguments.words {
            match look::run(tracker, word, arguments.at, context) {
                Ok((row, lsn)) => {
                    (has_runs, chosen.lsn) = (true, lsn);
                    if is_short_for(word, &row) {
                        short.push((word.clone(), row));
                    } else {
                        chosen.rows.push(row);
                    }
                }
                Err(_) if experiments.contains(word) => {
                    has_runs = true;
                    chosen.take(arguments, tracker, Some(word), context)?;
                }
                // What begins so is always a run.
                Err(stop) if word.starts_with('@') => return Err(stop),
                Err(stop) => unknown.push((word, stop)),
            }
        }
        if arguments.pick.is_any()
            && !arguments
                .words
                .iter()
                .any(|word| experiments.contains(word))
        {
            has_runs = true;
            chosen.take(arguments, tracker, None, context)?;
        }
        chosen.take_short(short);
        chosen.check_runs(has_runs, &mut unknown)?;
        chosen
            .globs
            .extend(unknown.into_iter().map(|(word, _)| word.clone()));
        chosen.shorten(arguments.top as usize);
        Ok(chosen)
    }

    /// All runs of an experiment, or of all, that the filters admit.
    fn take(
        &mut self,
        arguments: &Arguments,
        tracker: &Tracker,
        experiment: Option<&str>,
        context: &Context,
    ) -> Outcome<()> {
        let wish = Wish {
            experiment,
            pick: arguments.pick.clone(),
            at: arguments.at,
            ..Wish::default()
        };
        let found = find(tracker, &wish, context)?;
        self.rows.extend(found.rows);
        self.lsn = found.lsn;
        Ok(())
    }

    fn check_runs(
        &self,
        has_runs: bool,
        unknown: &mut Vec<(&String, crate::failure::Stop)>,
    ) -> Outcome<()> {
        if !has_runs {
            if unknown.is_empty() {
                return Err(Failure::usage("no run is named")
                    .hint("mltrack plot @last loss -o loss.svg; mltrack runs lists runs")
                    .into());
            }
            // The first word should have been a run.
            let (_, stop) = unknown.remove(0);
            return Err(stop);
        }
        if self.rows.is_empty() {
            return Err(Failure::new(
                Code::NotFound,
                "no run matches, so there is nothing to draw",
            )
            .hint("mltrack runs with the same filters lists what does")
            .into());
        }
        Ok(())
    }

    /// A store of many runs has an id that begins with `acc`; who writes so beside other runs means their metric.
    fn take_short(&mut self, short: Vec<(String, RunRow)>) {
        let known: Vec<RunRow> = short.iter().map(|(_, row)| row.clone()).collect();
        for (word, row) in short {
            let mut others = self.rows.iter().chain(&known).filter(|it| it.id != row.id);
            let has_it = |row: &RunRow| row.metrics.iter().any(|it| bare(&it.label) == word);
            if others.any(has_it) {
                self.globs.push(word);
            } else {
                self.rows.push(row);
            }
        }
    }

    /// One of each, and no more than asked for.
    fn shorten(&mut self, top: usize) {
        let mut seen = BTreeSet::new();
        self.rows.retain(|row| seen.insert(row.id.clone()));
        self.found = self.rows.len();
        self.rows.truncate(top);
    }

    /// That every metric that was named is among what was found; what a pattern fits is for the pattern to say.
    pub fn check_found(
        &self,
        kind: &str,
        found: &BTreeSet<String>,
        known: &[String],
    ) -> Outcome<()> {
        let is_missing = |glob: &&String| !glob.contains(['*', '?']) && !found.contains(*glob);
        if let Some(glob) = self.globs.iter().find(is_missing) {
            return Err(self
                .no_metric(kind, std::slice::from_ref(glob), known)
                .into());
        }
        if found.is_empty() {
            return Err(self.no_metric(kind, &self.globs, known).into());
        }
        Ok(())
    }

    /// The metrics of the runs, with their contexts only where one was asked for.
    pub fn names(&self) -> Vec<String> {
        let labels = self.rows.iter().flat_map(|row| &row.metrics);
        let names = labels.map(|metric| match &self.context[..] {
            "" => bare(&metric.label).to_owned(),
            _ => metric.label.clone(),
        });
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// That no metric is like these words.
    pub fn no_metric(&self, kind: &str, globs: &[String], known: &[String]) -> Failure {
        let of_context = match &self.context[..] {
            "" => String::new(),
            context => format!(" with {context} in its context"),
        };
        let steps = &self.steps;
        let what = format!("{}{of_context}{steps}", self.lacking(kind, globs));
        let failure = Failure::new(Code::NotFound, what);
        if !steps.is_empty() && globs.iter().all(|glob| known.contains(glob)) && !globs.is_empty() {
            return failure.hint("it is there at other steps: leave out --from and --to");
        }
        // With a context the known names have one as well, and are like no name alone.
        let word = globs.first().filter(|_| self.context.is_empty());
        let hint = names_hint(word, known);
        match &steps[..] {
            "" => failure.hint(hint),
            _ => failure.hint(format!("{hint}; without --from and --to it is all steps")),
        }
    }

    /// That none of the runs has the metric that is to be across, of whatever context and at whatever step.
    pub fn no_across(&self, name: &str) -> Failure {
        let labels = self.rows.iter().flat_map(|row| &row.metrics);
        let known: BTreeSet<String> = labels.map(|it| bare(&it.label).to_owned()).collect();
        let known: Vec<String> = known.into_iter().collect();
        let name = name.to_owned();
        let what = self.lacking("metric", std::slice::from_ref(&name));
        let hint = names_hint(Some(&name), &known);
        Failure::new(Code::NotFound, format!("{what}, which --x names")).hint(hint)
    }

    /// `none of the 6 runs has the metric "los"`.
    pub fn lacking(&self, kind: &str, globs: &[String]) -> String {
        let asked = match globs {
            [] => String::new(),
            [glob] => format!(" {glob:?}"),
            globs => format!(" like {}", globs.join(", ")),
        };
        let runs = match &self.rows[..] {
            [row] => format!("the run {}", row.short),
            rows => format!("none of the {} runs", rows.len()),
        };
        let verb = if self.rows.len() == 1 {
            "has no"
        } else {
            "has the"
        };
        format!("{runs} {verb} {kind}{asked}")
    }

    /// A metric's column that was asked for by one word.
    pub fn column(&self) -> Outcome<Column> {
        match &self.globs[..] {
            [name] => Ok(name.parse().map_err(Failure::usage)?),
            [] => Err(Failure::usage("no metric is named")
                .hint("mltrack plot EXP acc.max --kind bar -o acc.svg")
                .into()),
            more => Err(Failure::usage(format!(
                "this kind shows one metric, not {}: {}",
                more.len(),
                more.join(", ")
            ))
            .hint("name one of them")
            .into()),
        }
    }
    /// What was not drawn of the runs.
    pub fn left_out(&self) -> Vec<String> {
        match self.found.saturating_sub(self.rows.len()) {
            0 => Vec::new(),
            _ => vec![format!(
                "{} of {} runs are drawn, the newest; --top N draws more",
                self.rows.len(),
                self.found
            )],
        }
    }
}

/// `subset=val, fold=2`.
fn in_words(context: &[(String, String)]) -> String {
    let pairs = context.iter().map(|(key, value)| format!("{key}={value}"));
    pairs.collect::<Vec<_>>().join(", ")
}

/// Whether a word is less than the id that is shown of a run, and its beginning.
fn is_short_for(word: &str, row: &RunRow) -> bool {
    let is_less = row.name != word && word.len() < row.short.len();
    is_less && (row.short.starts_with(word) || row.id.starts_with(word))
}

/// A metric's name without its context.
pub fn bare(label: &str) -> &str {
    match label.find('{') {
        Some(at) if label.ends_with('}') => &label[..at],
        _ => label,
    }
}

/// The names that there are, and the one that was meant, if one is near.
pub fn names_hint(word: Option<&String>, known: &[String]) -> String {
    const TOLD_MAX: usize = 10;
    let nearest = word.and_then(|word| nearest(word, known));
    let mut told: Vec<&str> = known.iter().take(TOLD_MAX).map(String::as_str).collect();
    if known.len() > TOLD_MAX {
        told.push("..");
    }
    let list = if told.is_empty() {
        "mltrack run show RUN says what a run has".to_owned()
    } else {
        format!("there are {}", told.join(", "))
    };
    match nearest {
        Some(name) => format!("did you mean {name}?  {list}"),
        None => list,
    }
}

impl Arguments {
    fn steps_in_words(&self) -> String {
        match (self.first_step, self.last_step) {
            (Some(first), Some(last)) => format!(" between steps {first} and {last}"),
            (Some(first), None) => format!(" from step {first} on"),
            (None, Some(last)) => format!(" up to step {last}"),
            (None, None) => String::new(),
        }
    }
}

/// The name that takes the fewest changes, if few do.
fn nearest<'a>(word: &str, names: &'a [String]) -> Option<&'a String> {
    let word: Vec<char> = word
        .chars()
        .filter(|letter| !"*?".contains(*letter))
        .collect();
    let far = names.iter().map(|name| (changes(&word, name), name));
    let (changes, name) = far.min_by_key(|(changes, _)| *changes)?;
    (changes <= 2.max(word.len() / 3)).then_some(name)
}

/// How many letters are put in, taken out or changed between two words.
fn changes(word: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=word.len()).collect();
    for (line, letter) in name.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for at in 0..word.len() {
            let kept = before + usize::from(word[at] != letter);
            before = row[at + 1];
            row[at + 1] = kept.min(before + 1).min(row[at] + 1);
        }
    }
    row[word.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let names = ["accuracy".to_owned(), "loss".to_owned()];
        assert_eq!(nearest("los", &names), Some(&names[1]));
        assert_eq!(nearest("acuracy", &names), Some(&names[0]));
        assert_eq!(nearest("perplexity", &names), None);
    }

    #[test]
    fn a_name_is_without_its_context() {
        assert_eq!(bare("loss{subset=val}"), "loss");
        assert_eq!(bare("a{b"), "a{b");
    }
}
