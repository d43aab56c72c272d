//! The import itself: one thread reads the peer's store, the other writes.
//!
//! Invariants: at most two chunks wait between the threads; when either thread fails the other ends; a run is ended only
//! when its source said that there is no more of it.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use mltrack::{Code, Error, Result, Tracker};

use crate::chunk::Chunk;
use crate::report::{Progress, Report, Untaken};
use crate::sink::{Answer, Sink};
use crate::source::{RunHead, Source};
use crate::stop::Stop;

/// Chunks that wait for the log.
const CHUNKS_WAITING: usize = 2;
/// How often a store that is followed is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// All runs go into this experiment, instead of those that the source names.
    pub into: Option<String>,
    /// Experiments that have another name here: the source's, and the one it gets.
    pub names: Vec<(String, String)>,
    /// Whether only to count. Nothing is written then.
    pub is_dry: bool,
    /// Goes on with what is new in the peer's store until this is set.
    pub follow: Option<Stop>,
}

/// What the reading thread tells the writing one.
enum Told {
    Run(RunHead),
    Chunk(Box<Chunk>),
    /// There is no more of the run for now.
    End,
    Untaken(Vec<Untaken>),
}

/// Brings what a source has into a store; what was imported before is not taken again. `tell` is called after each chunk,
/// and after each look at a store that is followed.
///
/// Errors: those of the source, and of the store. What was written before one stays, and the next import goes on there.
pub fn import(
    tracker: &Tracker,
    source: &mut dyn Source,
    options: &Options,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Report> {
    let mut sink = Sink::new(tracker, source.kind(), options);
    for experiment in source.experiments()? {
        sink.experiment(&experiment)?;
    }
    let mut progress = Progress {
        len_total: source.len_total(),
        ..Progress::default()
    };
    let is_followed = options.follow.is_some();
    loop {
        pass(source, &mut sink, is_followed, &mut progress, tell)?;
        let Some(stop) = &options.follow else {
            break;
        };
        tell(&progress);
        if stop.wait(LOOK_INTERVAL) {
            break;
        }
    }
    sink.finish_all()?;
    sink.finish_experiments()?;
    Ok(sink.close())
}

/// Looks at every run once.
fn pass(
    source: &mut dyn Source,
    sink: &mut Sink<'_>,
    is_followed: bool,
    progress: &mut Progress,
    tell: &mut dyn FnMut(&Progress),
) -> Result<()> {
    let (told, hears) = sync_channel(CHUNKS_WAITING);
    let (answer, answers) = channel();
    let (give_back, empty) = channel();
    std::thread::scope(|scope| {
        let reader = Reader {
            told,
            answers,
            empty,
        };
        let reading = std::thread::Builder::new()
            .name("import-read".into())
            .spawn_scoped(scope, move || reader.read(source));
        let reading = reading.map_err(|error| {
            Error::new(
                Code::InternalError,
                "the system gives no thread for reading",
            )
            .with_source(error)
        })?;
        let mut writer = Writer {
            sink,
            is_followed,
            current: String::new(),
            answer,
            give_back,
        };
        let mut written = Ok(());
        for told in hears {
            written = writer.hear(told, progress, tell);
            if written.is_err() {
                break;
            }
        }
        // Whoever reads waits for these no more.
        drop(writer);
        let read = reading.join();
        written?;
        read.unwrap_or_else(|_| {
            let what = "reading the peer's store panicked; this is a bug in mltrack";
            Err(Error::new(Code::InternalError, what))
        })
    })
}

struct Reader {
    told: SyncSender<Told>,
    answers: Receiver<Answer>,
    empty: Receiver<Box<Chunk>>,
}

impl Reader {
    fn read(self, source: &mut dyn Source) -> Result<()> {
        while let Some(head) = source.next_run()? {
            self.tell_untaken(source);
            if self.told.send(Told::Run(head)).is_err() {
                return Ok(());
            }
            let mark = match self.answers.recv() {
                Ok(Answer::Open(mark)) => mark,
                Ok(Answer::Skip) => continue,
                Err(_) => return Ok(()),
            };
            source.open(mark.as_deref())?;
            if !self.read_run(source)? {
                return Ok(());
            }
        }
        self.tell_untaken(source);
        Ok(())
    }

    /// False when nobody hears any more.
    fn read_run(&self, source: &mut dyn Source) -> Result<bool> {
        loop {
            let mut chunk = self.empty.try_recv().unwrap_or_default();
            let has_more = source.read(&mut chunk)?;
            self.tell_untaken(source);
            if self.told.send(Told::Chunk(chunk)).is_err() {
                return Ok(false);
            }
            if !has_more {
                return Ok(self.told.send(Told::End).is_ok());
            }
        }
    }

    fn tell_untaken(&self, source: &mut dyn Source) {
        let untaken = source.untaken();
        if !untaken.is_empty() {
            self.told.send(Told::Untaken(untaken)).ok();
        }
    }
}

struct Writer<'s, 'a> {
    sink: &'s mut Sink<'a>,
    is_followed: bool,
    current: String,
    answer: Sender<Answer>,
    give_back: Sender<Box<Chunk>>,
}

impl Writer<'_, '_> {
    fn hear(
        &mut self,
        told: Told,
        progress: &mut Progress,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<()> {
        match told {
            Told::Run(head) => {
                self.current.clone_from(&head.identity);
                let answer = self.sink.begin(head)?;
                progress.runs += 1;
                // Whoever reads may have failed meanwhile.
                self.answer.send(answer).ok();
            }
            Told::Chunk(mut chunk) => {
                self.sink.take(&self.current, &mut chunk)?;
                progress.len_read += chunk.len_read;
                progress.points = self.sink.report.points;
                tell(progress);
                chunk.clear();
                self.give_back.send(chunk).ok();
            }
            Told::End => self.sink.finish(&self.current, self.is_followed)?,
            Told::Untaken(untaken) => self.sink.report.add_untaken(untaken),
        }
        Ok(())
    }
}
