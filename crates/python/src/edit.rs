//! Changes to runs from outside, of those that have ended too.
//!
//! Invariant: one call is one operation, which one `mltrack undo` takes back.

use mltrack::Note;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::dict::{answered, dict, list};
use crate::moment::record;
use crate::open::Store;

fn told<'py>(py: Python<'py>, note: &Note) -> PyResult<Bound<'py, PyAny>> {
    let dict = dict!(py, {
        "lsn": note.lsn.get(),
        "time_ns": note.time.0,
        "text": note.text.as_str(),
        "actor": note.actor.as_str(),
    });
    Ok(dict.into_any())
}

#[pymethods]
impl Store {
    /// Changes the name, the tags and the notes of a run.
    #[pyo3(signature = (run, set_tags=Vec::new(), remove_tags=Vec::new(), notes=Vec::new(), remove_notes=Vec::new(), name=None))]
    fn edit_run(
        &self,
        py: Python<'_>,
        run: &str,
        set_tags: Vec<(String, String)>,
        remove_tags: Vec<String>,
        notes: Vec<String>,
        remove_notes: Vec<u64>,
        name: Option<String>,
    ) -> PyResult<()> {
        let removed: PyResult<Vec<_>> = remove_notes.into_iter().map(record).collect();
        let removed = removed?;
        let saved = py.detach(|| {
            let edit = self.tracker().edit_run(self.run_id(run)?);
            let edit = set_tags
                .into_iter()
                .fold(edit, |edit, (key, value)| edit.set_tag(key, value));
            let edit = remove_tags
                .into_iter()
                .fold(edit, mltrack::RunEdit::remove_tag);
            let edit = notes.into_iter().fold(edit, mltrack::RunEdit::note);
            let edit = removed
                .into_iter()
                .fold(edit, mltrack::RunEdit::remove_note);
            name.into_iter().fold(edit, mltrack::RunEdit::name).save()
        });
        answered(saved).map(drop)
    }

    /// Deletes a run: hidden until `restore_run`, or until `mltrack gc`.
    fn delete_run(&self, py: Python<'_>, run: &str) -> PyResult<()> {
        let deleted = py.detach(|| self.tracker().delete_run(self.run_id(run)?));
        answered(deleted).map(drop)
    }

    /// Brings a deleted run back.
    fn restore_run(&self, py: Python<'_>, run: &str) -> PyResult<()> {
        let restored = py.detach(|| self.tracker().restore_run(self.run_id(run)?));
        answered(restored).map(drop)
    }

    /// The notes of a run, oldest first.
    fn notes<'py>(&self, py: Python<'py>, run: &str) -> PyResult<Bound<'py, PyList>> {
        let notes = py.detach(|| self.tracker().notes(self.run_id(run)?, None));
        list(py, &answered(notes)?, told)
    }
}
