//! The command line, driven as people and scripts drive it: the real binary, one module a theme.
//!
//! Every test has a folder of its own and no surroundings that could lend it a store. Nothing sleeps:
//! what takes time is waited for by reading the lines that say it happened.

#[path = "cli/artifacts.rs"]
mod artifacts;
#[path = "cli/backing_up.rs"]
mod backing_up;
#[path = "cli/backup_drills.rs"]
mod backup_drills;
#[path = "cli/compacting.rs"]
mod compacting;
#[path = "cli/comparing.rs"]
mod comparing;
#[path = "cli/console.rs"]
mod console;
#[path = "cli/curves.rs"]
mod curves;
#[path = "cli/datasets.rs"]
mod datasets;
#[path = "cli/demo.rs"]
mod demo;
#[path = "cli/derived.rs"]
mod derived;
#[path = "cli/environment.rs"]
mod environment;
#[path = "cli/errors.rs"]
mod errors;
#[path = "cli/experiments.rs"]
mod experiments;
#[path = "cli/exporting.rs"]
mod exporting;
#[path = "cli/exporting_deleted.rs"]
mod exporting_deleted;
#[path = "cli/forms.rs"]
mod forms;
#[path = "cli/generated.rs"]
mod generated;
#[path = "cli/importing.rs"]
mod importing;
#[path = "cli/keeping.rs"]
mod keeping;
#[path = "cli/lineage.rs"]
mod lineage;
#[path = "cli/listing.rs"]
mod listing;
#[path = "cli/looking.rs"]
mod looking;
#[path = "cli/models.rs"]
mod models;
#[path = "cli/over_url.rs"]
mod over_url;
#[path = "cli/over_url_ends.rs"]
mod over_url_ends;
#[path = "cli/plot_ends.rs"]
mod plot_ends;
#[path = "cli/plotting.rs"]
mod plotting;
#[path = "cli/reproduce.rs"]
mod reproduce;
#[path = "cli/run_log.rs"]
mod run_log;
#[path = "cli/runs.rs"]
mod runs;
#[path = "cli/scrub.rs"]
mod scrub;
#[path = "cli/searching.rs"]
mod searching;
#[path = "cli/serving.rs"]
mod serving;
#[path = "cli/snapshots.rs"]
mod snapshots;
#[path = "cli/stores.rs"]
mod stores;
#[path = "cli/support.rs"]
mod support;
#[path = "cli/tailing.rs"]
mod tailing;
#[cfg(feature = "top")]
#[path = "cli/top.rs"]
mod top;
#[path = "cli/undoing.rs"]
mod undoing;
#[cfg(feature = "top")]
#[expect(dead_code, reason = "the crate's own tests do more with it")]
#[path = "../crates/top/tests/support/vt.rs"]
mod vt;
#[path = "cli/writing.rs"]
mod writing;
