//! Datasets that runs took in, written into the library: a version for each digest, and what else was said beside it.
//!
//! Invariant: a dataset that the run has already is not taken twice, also when an import was killed on the way.

use mltrack::{Code, Document, Result, RunId, Tracker};

use crate::chunk::PastInput;
use crate::report::Untaken;

/// Takes datasets; those that were not taken are gone from the list, and said.
pub(crate) fn take(
    tracker: &Tracker,
    run: RunId,
    inputs: &mut Vec<PastInput>,
) -> Result<Vec<Untaken>> {
    let mut refused = Vec::new();
    let mut failed = Ok(());
    inputs.retain(|input| match take_one(tracker, run, input) {
        Ok(is_new) => is_new,
        Err(error) if error.code() == Code::ValidationError => {
            let what = format!("dataset {}", input.name);
            refused.push(Untaken::refused(what, run.to_string(), &error.to_string()));
            false
        }
        Err(error) => {
            failed = Err(error);
            false
        }
    });
    failed.map(|()| refused)
}

/// False when the run has it already.
fn take_one(tracker: &Tracker, run: RunId, input: &PastInput) -> Result<bool> {
    let documents = tracker.documents(input.kind);
    let known = documents.list(&format!("{run}/"), None, usize::MAX)?;
    let hash = blake3::hash(input.key.as_bytes()).to_hex();
    let ending = format!("-{}", &hash[..16]);
    if known.iter().any(|one: &Document| one.id.ends_with(&ending)) {
        return Ok(false);
    }
    let version = tracker.new_dataset(&input.name).get_or_create()?;
    let version = version
        .version()
        .reference(&input.source, &input.digest)
        .add()?;
    let selector = format!("{}@v{}", input.name, version.number);
    tracker.use_dataset(run, &selector, &input.split)?;
    let id = format!("{run}/{:06}{ending}", known.len());
    documents.put(&id, &input.body)?;
    Ok(true)
}
