//! The experiment that clients log to when they name none.

use mltrack::Tracker;

use crate::mlflow::wire::ARTIFACT_LOCATION;
use crate::options::Options;

/// Makes the experiment with id 0 in a store that never had it, unless the store is only looked at.
pub fn make(tracker: &Tracker, options: &Options) -> Result<(), mltrack::Error> {
    if options.is_read_only || tracker.log().is_none() {
        return Ok(());
    }
    let place = options.artifact_root.as_deref();
    let place = place.map(|root| format!("{}/0", root.trim_end_matches('/')));
    let tags = place.map(|place| (ARTIFACT_LOCATION.to_owned(), place));
    tracker.make_default_experiment(&Vec::from_iter(tags))?;
    Ok(())
}
