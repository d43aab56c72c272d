//! Events as the command line shows them, from any point of the log to its end or to another point.
//!
//! Invariant: [`Events`] as an iterator never waits: it ends where the log ends now, and goes on from there
//! when it is asked again.

use std::collections::HashMap;
use std::time::Duration;

use mltrack::{
    Code, Cursor, ExperimentId, Follow, Lsn, Position, RunId, TailEvent, Tracker, WallTime,
    payload_json,
};
use serde_json::Value;

use crate::context::Context;
use crate::event_line::EventRow;
use crate::failure::{Failure, Outcome};
use crate::moment::{Moment, before};

/// Which events are wanted.
#[derive(Clone, Debug)]
pub struct EventWish<'a> {
    /// A run or an experiment.
    pub about: Option<&'a str>,
    /// All types when empty.
    pub types: &'a [String],
    pub from: Moment,
    pub until: Option<Moment>,
}

/// Events in the order of the log.
pub struct Events {
    tracker: Tracker,
    follow: Follow,
    until: Until,
    /// An event that was met while waiting.
    waiting: Option<EventRow>,
    is_over: bool,
    names: HashMap<ExperimentId, String>,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    Never,
    /// The last lsn that belongs to it.
    Lsn(u64),
    /// The last commit time that belongs to it.
    Time(i64),
}

pub fn events(tracker: &Tracker, wish: &EventWish<'_>, context: &Context) -> Outcome<Events> {
    let from = match wish.from {
        Moment::Start => Cursor::Start,
        Moment::End => Cursor::End,
        Moment::Lsn(lsn) => Lsn::new(lsn).map_or(Cursor::Start, Cursor::Lsn),
        Moment::Ago(length) => Cursor::At(WallTime(before(context.started_ns, length))),
        Moment::At(time_ns) => Cursor::At(WallTime(time_ns)),
    };
    events_from(tracker, from, wish, context)
}

/// The same from where an earlier reader stood, whatever the wish says.
pub fn events_from(
    tracker: &Tracker,
    from: Cursor,
    wish: &EventWish<'_>,
    context: &Context,
) -> Outcome<Events> {
    let until = match wish.until {
        None => Until::Never,
        Some(Moment::Start) => Until::Lsn(0),
        Some(Moment::End) => Until::Lsn(super::end(tracker)?),
        Some(Moment::Lsn(lsn)) => Until::Lsn(lsn),
        Some(Moment::Ago(length)) => Until::Time(before(context.started_ns, length)),
        Some(Moment::At(time_ns)) => Until::Time(time_ns),
    };
    let mut tail = tracker.tail().from(from).types(wish.types);
    match wish.about.map(|name| about(tracker, name)).transpose()? {
        Some(About::Experiment(name)) => tail = tail.experiment(name),
        Some(About::Run(run)) => tail = tail.run(run),
        None => {}
    }
    let follow = tail.follow();
    let names = HashMap::new();
    Ok(Events {
        tracker: tracker.clone(),
        follow,
        until,
        waiting: None,
        is_over: false,
        names,
    })
}

/// What a name means, where both are possible.
pub enum About {
    Experiment(String),
    Run(RunId),
}

pub fn about(tracker: &Tracker, name: &str) -> Outcome<About> {
    if tracker.find_experiment(name).is_ok() {
        return Ok(About::Experiment(name.to_owned()));
    }
    match tracker.find_run(name) {
        Ok(run) => Ok(About::Run(run)),
        Err(error) if error.code() == Code::NotFound => Err(Failure {
            what: format!("no run and no experiment {name:?}"),
            ..Failure::from(error)
        }
        .into()),
        Err(error) => Err(error.into()),
    }
}

impl Events {
    /// Whether the end that was asked for is reached.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Where to go on, for a later process.
    pub fn resume_at(&self) -> Option<Position> {
        self.follow.position()
    }

    /// Waits for an event. It is the next one that the iterator gives.
    pub fn wait(&mut self, patience: Duration) -> Outcome<()> {
        if self.waiting.is_none() {
            self.waiting = self.next_within(patience)?;
        }
        Ok(())
    }

    fn next_within(&mut self, patience: Duration) -> Outcome<Option<EventRow>> {
        if self.is_over {
            return Ok(None);
        }
        let event = self.follow.next_within(patience)?;
        let is_behind = |event: &TailEvent| match self.until {
            Until::Never => false,
            Until::Lsn(last) => event.lsn.get() > last,
            Until::Time(last_ns) => event.committed.0 > last_ns,
        };
        match event {
            Some(event) if is_behind(&event) => {
                self.is_over = true;
                Ok(None)
            }
            Some(event) => Ok(Some(self.row(&event)?)),
            None => Ok(None),
        }
    }

    fn row(&mut self, event: &TailEvent) -> Outcome<EventRow> {
        let experiment = event.experiment.map(|id| self.name_of(id)).transpose()?;
        let mut payload = payload_json(&event.event);
        if let (Some(reason), Value::Object(members)) = (&event.unreadable, &mut payload) {
            members.insert("unreadable".to_owned(), reason.to_string().into());
        }
        Ok(EventRow {
            lsn: event.lsn.get(),
            time_ns: event.time.0,
            type_name: event.type_name().to_owned(),
            version: event.version.0,
            writer: event.writer.0,
            run: event.run.map(|run| (run.to_string(), run.short())),
            experiment,
            payload,
            values: event
                .points()
                .map(|(name, step, value)| (name.to_owned(), step, value))
                .collect(),
        })
    }

    /// Asked again when an experiment is not known yet: it may have been made a moment ago.
    fn name_of(&mut self, id: ExperimentId) -> Outcome<String> {
        if !self.names.contains_key(&id) {
            let page = self
                .tracker
                .experiments()
                .with_archived()
                .with_deleted()
                .fetch()?;
            self.names = page
                .items
                .into_iter()
                .map(|known| (known.id, known.name))
                .collect();
        }
        Ok(self
            .names
            .get(&id)
            .cloned()
            .unwrap_or_else(|| id.to_string()))
    }
}

impl Iterator for Events {
    type Item = Outcome<EventRow>;

    fn next(&mut self) -> Option<Outcome<EventRow>> {
        match self.waiting.take() {
            Some(event) => Some(Ok(event)),
            None => self.next_within(Duration::ZERO).transpose(),
        }
    }
}
