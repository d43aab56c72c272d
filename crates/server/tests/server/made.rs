//! Stores with runs that happened already, for tests of what looks.

use mltrack::{
    EndState, Experiment, Importer, ParamValue, PastEnd, PastRun, RunId, Tracker, WallTime,
};
use tempfile::TempDir;

/// The first moment of these stores, in ms since 1970.
pub const BEGUN_MS: i64 = 1_700_000_000_000;

/// A store that is being made, in a folder that a server can be opened on.
pub struct Made {
    pub folder: TempDir,
    pub tracker: Tracker,
}

/// A run as a test describes it.
#[derive(Default)]
pub struct Like<'a> {
    pub name: &'a str,
    /// When it started, in ms after [`BEGUN_MS`].
    pub at_ms: i64,
    pub metrics: &'a [(&'a str, f64)],
    pub params: &'a [(&'a str, &'a str)],
    pub tags: &'a [(&'a str, &'a str)],
    /// How it ended; it runs on when this is `None`.
    pub end: Option<EndState>,
}

impl Made {
    pub fn new() -> Made {
        let folder = tempfile::tempdir().unwrap();
        let tracker = Tracker::open(folder.path().join(".mltrack")).unwrap();
        Made { folder, tracker }
    }

    pub fn experiment(&self, name: &str) -> Experiment {
        self.tracker.experiment(name).unwrap()
    }

    /// Makes runs; their ids come in the order of the list.
    pub fn runs(experiment: &Experiment, runs: &[Like<'_>]) -> Vec<RunId> {
        let mut import = experiment.import().unwrap();
        let ids = runs.iter().map(|run| one(&mut import, run)).collect();
        import.flush().unwrap();
        ids
    }

    /// The folder, with nothing open in it any more.
    pub fn close(self) -> TempDir {
        self.tracker.close().unwrap();
        self.folder
    }
}

fn one(import: &mut Importer, like: &Like<'_>) -> RunId {
    let time = |after_ms: i64| WallTime((BEGUN_MS + like.at_ms + after_ms) * 1_000_000);
    let mut past = PastRun::new(like.name, time(0));
    past.is_detached = true;
    let params = like.params.iter();
    past.params = params
        .map(|(key, value)| ((*key).to_owned(), ParamValue::Text((*value).to_owned())))
        .collect();
    let tags = like.tags.iter();
    past.tags = tags
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let run = import.begin(&past).unwrap();
    if !like.metrics.is_empty() {
        let names = like.metrics.iter().map(|(name, _)| *name);
        let columns = import.columns(names).unwrap();
        let values: Vec<f64> = like.metrics.iter().map(|(_, value)| *value).collect();
        import.log(run, columns, 0, time(1), &values).unwrap();
    }
    if let Some(state) = like.end {
        let end = PastEnd::Ended(state, None);
        import.end(run, time(1000), end).unwrap();
    }
    run
}
