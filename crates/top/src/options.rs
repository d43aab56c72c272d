//! What whoever starts the view says.

use mltrack::Tracker;

use crate::feed::{Reader, Scope};
use crate::filter_line::FilterLine;
use crate::look::Look;
use crate::model::Model;

/// What is shown, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// How the header names the store.
    pub store: String,
    /// Only runs of this experiment.
    pub experiment: Option<String>,
    /// Only runs that these filters admit, which the screen cannot change.
    pub filters: Vec<String>,
    /// Colours and signs.
    pub look: Look,
}

impl Options {
    pub(crate) fn reader(&self, tracker: Tracker) -> Reader {
        let scope = Scope {
            experiment: self.experiment.clone(),
            filters: self.filters.clone(),
        };
        Reader::new(tracker, scope)
    }

    pub(crate) fn model(&self, (width, height): (u16, u16), now_ns: i64) -> Model {
        let scope = self.experiment.iter().chain(&self.filters);
        let scope: Vec<&str> = scope.map(String::as_str).collect();
        Model {
            store: self.store.clone(),
            scope: scope.join(" "),
            look: self.look,
            filter: FilterLine::new(""),
            width,
            height,
            now_ns,
            ..Model::default()
        }
    }
}
