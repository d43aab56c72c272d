//! A source of one run, chunk by chunk, that fails and grows as a test wants it.
//!
//! Invariant: chunk `n` has ten points, those of the steps `10 n` to `10 n + 9`.

use mltrack::{Code, EndState, Error, ParamValue, Result, WallTime};
use mltrack_import::{Chunk, PastEnding, RunFacts, RunHead, Source};

const TIME_NS: i64 = 1_700_000_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Chunk,
    Fail,
}

pub struct Scripted {
    pub steps: Vec<Step>,
    pub metric: String,
    pub params: Vec<(String, ParamValue)>,
    /// So many chunks more at each look.
    pub grows_by: usize,
    /// Called before a chunk of this number is read.
    pub before_chunk: Option<Box<dyn FnMut(usize) + Send>>,
    is_listed: bool,
    /// The step that comes next, and the chunk.
    at: usize,
    chunk: usize,
    is_new: bool,
}

impl Scripted {
    pub fn with_chunks(count: usize) -> Scripted {
        Scripted {
            steps: vec![Step::Chunk; count],
            metric: "loss".into(),
            params: Vec::new(),
            grows_by: 0,
            before_chunk: None,
            is_listed: false,
            at: 0,
            chunk: 0,
            is_new: true,
        }
    }
}

impl Source for Scripted {
    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn next_run(&mut self) -> Result<Option<RunHead>> {
        if self.is_listed {
            self.is_listed = false;
            self.steps.extend(vec![Step::Chunk; self.grows_by]);
            return Ok(None);
        }
        self.is_listed = true;
        Ok(Some(RunHead {
            identity: "somewhere".into(),
            name: "kind-elk".into(),
            experiment: "resnet".into(),
        }))
    }

    fn open(&mut self, mark: Option<&str>) -> Result<()> {
        self.is_new = mark.is_none();
        self.chunk = mark.map_or(0, |mark| mark.parse().expect("it is what was said"));
        self.at = self.chunk;
        Ok(())
    }

    fn read(&mut self, chunk: &mut Chunk) -> Result<bool> {
        chunk.ending = Some(PastEnding {
            state: EndState::Completed,
            time: WallTime(TIME_NS + self.steps.len() as i64),
            is_said: false,
            is_deleted: false,
        });
        let Some(step) = self.steps.get(self.at) else {
            return Ok(false);
        };
        self.at += 1;
        if *step == Step::Fail {
            return Err(Error::new(Code::Network, "it went away"));
        }
        if let Some(before) = &mut self.before_chunk {
            before(self.chunk);
        }
        if self.is_new && self.chunk == 0 {
            chunk.facts = Some(RunFacts::default());
        }
        chunk.params.clone_from(&self.params);
        let slot = chunk.points.slot(&self.metric);
        for step in 0..10 {
            let step = self.chunk as i64 * 10 + step;
            chunk.points.push(slot, step, TIME_NS + step, step as f64);
        }
        self.chunk += 1;
        chunk.mark = self.chunk.to_string();
        Ok(self.at < self.steps.len())
    }
}
