//! Looking after a store: durability, snapshots, compaction, proof that its bytes are what was written.
//!
//! Invariant: finding damage is no error, it is the answer.

use mltrack::{Damage, Lsn, Verify};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::dict::{answered, dict, list};
use crate::open::Store;

fn told_damage<'py>(py: Python<'py>, damage: &Damage) -> PyResult<Bound<'py, PyAny>> {
    let dict = dict!(py, {
        "path": damage.path.display().to_string(),
        "offset": damage.offset,
        "end_offset": damage.end_offset,
        "first": damage.first.get(),
        "end": damage.end.get(),
        "cause": damage.cause.as_str(),
        "is_skipped": damage.is_quarantined,
    });
    Ok(dict.into_any())
}

#[pymethods]
impl Store {
    /// Makes everything durable that is visible so far.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        answered(py.detach(|| self.tracker().flush())).map(drop)
    }

    /// The record that comes next: every one before it is visible. `None` when the store is disabled.
    fn next_lsn(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        let next = answered(py.detach(|| self.tracker().next_lsn()))?;
        Ok(next.map(Lsn::get))
    }

    /// Checks the store, with `deep` every byte of it: what was looked at and what is damaged.
    #[pyo3(signature = (deep=false))]
    fn verify<'py>(&self, py: Python<'py>, deep: bool) -> PyResult<Bound<'py, PyDict>> {
        let depth = if deep { Verify::Deep } else { Verify::Quick };
        let report = answered(py.detach(|| self.tracker().verify(depth)))?;
        Ok(dict!(py, {
            "is_sound": report.is_sound(),
            "segments": report.segments,
            "records": report.records,
            "bytes": report.bytes,
            "next_lsn": report.next.map(Lsn::get),
            "damages": list(py, &report.damages, told_damage)?,
        }))
    }

    /// Writes what the log says now to a file that later answers go on from; `None` when the store is disabled.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let Some(report) = answered(py.detach(|| self.tracker().snapshot()))? else {
            return Ok(None);
        };
        Ok(Some(dict!(py, {
            "lsn": report.lsn.map(Lsn::get),
            "bytes": report.bytes,
            "path": report.path,
            "runs": report.runs,
            "took_s": report.took.as_secs_f64(),
        })))
    }

    /// Writes the points of the log to files from which histories of any length are read in moments.
    fn extend_series(&self, py: Python<'_>) -> PyResult<()> {
        answered(py.detach(|| self.tracker().extend_series())).map(drop)
    }

    /// Packs what is sealed; `None` when the store is disabled.
    #[pyo3(signature = (dry_run=false))]
    fn compact<'py>(&self, py: Python<'py>, dry_run: bool) -> PyResult<Option<Bound<'py, PyDict>>> {
        let compacted = py.detach(|| self.tracker().compact().dry_run(dry_run).run());
        let Some(report) = answered(compacted)? else {
            return Ok(None);
        };
        Ok(Some(dict!(py, {
            "segments_seen": report.segments_seen,
            "packed": report.packed,
            "bytes_before": report.bytes_before,
            "bytes_after": report.bytes_after,
            "bytes_freed": report.bytes_freed,
            "dropped_records": report.dropped_records,
        })))
    }
}
