//! Histories of metrics as columns.
//!
//! Invariant: the numbers of the answer are the memory that the library filled; nothing is copied on the way.

use mltrack::Points;
use pyo3::prelude::*;

use crate::column::Column;
use crate::failure::raised;
use crate::frame::Frame;
use crate::open::{Store, moment};

fn frame(points: Points) -> Frame {
    let lsns = points.lsns.iter().map(|lsn| lsn.get() as i64).collect();
    Frame::new(vec![
        ("step".to_owned(), Column::whole(points.steps)),
        ("value".to_owned(), Column::real(points.values)),
        ("time_ns".to_owned(), Column::whole(points.times_ns)),
        ("lsn".to_owned(), Column::whole(lsns)),
    ])
}

#[pymethods]
impl Store {
    /// Every point of a metric of a run, in the order of its steps: the columns `step`, `value`, `time_ns`, `lsn`.
    #[pyo3(signature = (run, name, context=Vec::new(), first_step=None, last_step=None, at_lsn=None))]
    fn history(
        &self,
        py: Python<'_>,
        run: &str,
        name: &str,
        context: Vec<(String, String)>,
        first_step: Option<i64>,
        last_step: Option<i64>,
        at_lsn: Option<u64>,
    ) -> PyResult<Frame> {
        let points = py.detach(|| {
            let mut query = self.tracker().history(self.run_id(run)?, name);
            for (key, value) in context {
                query = query.context(key, value);
            }
            let steps = first_step.unwrap_or(i64::MIN)..=last_step.unwrap_or(i64::MAX);
            query = query.steps(steps);
            if let Some(lsn) = at_lsn {
                query = query.at(moment(lsn)?);
            }
            query.fetch()
        });
        points.map(frame).map_err(|error| raised(&error))
    }
}
