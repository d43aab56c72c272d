//! Which commands look, and which of their options may travel to a server: the table that both sides go by.
//!
//! Invariants: every command has a row, and every option of one that looks is in [`TRAVELS`] or [`STAYS`] or is refused
//! by a test until somebody has decided; what is in neither is refused, and so is whatever holds a path, whatever its
//! name.

use std::any::TypeId;
use std::path::PathBuf;

use clap::Arg;
use mltrack_server::command::{CommandAsk, CommandPlan, CommandRefusal};

use super::words::Given;
use crate::table;

/// What a command does, as far as a server is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It answers from the store, and changes nothing.
    Looks,
    /// The same, and its answer is written as it comes, on a terminal, too.
    Streams,
    /// It looks when these options are given, and changes something otherwise.
    LooksWith(&'static [&'static str]),
    /// It writes what the store has into files: the client asks for the bytes, and nothing runs there.
    Fetches,
    /// It changes the store, or something on this machine.
    Changes,
    /// It is about this program, and asks no store.
    Local,
}

/// Every command.
pub const ROWS: &[(&str, Way)] = &[
    ("init", Way::Changes),
    ("demo", Way::Changes),
    ("runs", Way::Looks),
    ("run show", Way::Looks),
    ("run start", Way::Changes),
    ("run exec", Way::Changes),
    ("run log", Way::Changes),
    ("run end", Way::Changes),
    ("exp ls", Way::Looks),
    ("exp new", Way::Changes),
    ("exp show", Way::Looks),
    ("exp archive", Way::Changes),
    ("exp restore", Way::Changes),
    ("dataset new", Way::Changes),
    ("dataset ls", Way::Looks),
    ("dataset show", Way::Looks),
    ("dataset add", Way::Changes),
    ("dataset use", Way::Changes),
    ("dataset tag", Way::Changes),
    ("dataset rm", Way::Changes),
    ("dataset restore", Way::Changes),
    ("dataset sample", Way::Looks),
    ("dataset split", Way::Looks),
    ("dataset diff", Way::Looks),
    ("dataset get", Way::Fetches),
    ("model new", Way::Changes),
    ("model ls", Way::Looks),
    ("model show", Way::Looks),
    ("model add", Way::Changes),
    ("model get", Way::Fetches),
    ("model alias", Way::Changes),
    ("model stage", Way::Changes),
    ("model tag", Way::Changes),
    ("model rm", Way::Changes),
    ("model restore", Way::Changes),
    ("metrics", Way::Looks),
    ("plot", Way::Looks),
    ("compare", Way::Looks),
    ("lineage", Way::Looks),
    ("lineage link", Way::Changes),
    ("lineage unlink", Way::Changes),
    ("console", Way::Looks),
    ("search", Way::Looks),
    ("stats", Way::Looks),
    // The whole screen is drawn where the store is.
    #[cfg(feature = "top")]
    ("top", Way::LooksWith(&["once"])),
    ("tail", Way::Streams),
    ("log", Way::Looks),
    ("replay", Way::LooksWith(&["check"])),
    ("verify", Way::Looks),
    ("repair", Way::Changes),
    ("artifact ls", Way::Looks),
    // The files themselves are written by the client.
    ("artifact get", Way::LooksWith(&["dry_run", "force"])),
    ("artifact put", Way::Changes),
    ("artifact cat", Way::Streams),
    ("artifact verify", Way::Looks),
    ("artifact rm", Way::Changes),
    ("artifact restore", Way::Changes),
    ("artifact link", Way::Looks),
    ("op log", Way::Looks),
    ("undo", Way::Changes),
    ("compact", Way::Changes),
    ("gc", Way::Changes),
    ("scrub", Way::Changes),
    ("rm", Way::Changes),
    ("restore", Way::Changes),
    ("snapshot ls", Way::Looks),
    ("snapshot create", Way::Changes),
    ("snapshot verify", Way::Looks),
    ("snapshot rm", Way::Changes),
    ("export events", Way::Streams),
    ("export metrics", Way::Streams),
    ("export runs", Way::Streams),
    // It writes files of this machine out of all of the store.
    ("export all", Way::Changes),
    ("import tensorboard", Way::Changes),
    ("import mlflow", Way::Changes),
    ("import wandb", Way::Changes),
    ("import csv", Way::Changes),
    ("backup", Way::Changes),
    // They ask where backups lie, and no store.
    ("backup ls", Way::Local),
    ("backup verify", Way::Local),
    ("backup restore", Way::Local),
    ("backup prune", Way::Local),
    ("serve", Way::Changes),
    ("key new", Way::Changes),
    // Who has which key is for those who may make one.
    ("key ls", Way::Changes),
    ("key rm", Way::Changes),
    ("config show", Way::Local),
    ("env show", Way::Looks),
    ("env diff", Way::Looks),
    ("reproduce", Way::Changes),
    // It asks about the machine, and whether the store can be written.
    ("doctor", Way::Changes),
    ("completion", Way::Local),
    ("man", Way::Local),
    ("version", Way::Local),
    ("help", Way::Local),
    ("demo-trainer", Way::Local),
    ("answer", Way::Local),
];

/// Options that are done with before anything is sent: where the store is, how and where the answer is shown, and where
/// this machine keeps how far it is.
pub const STAYS: &[&str] = &["store", "output", "verbose", "color", "cursor_file"];

/// Options and names that a server understands and that can do nothing but choose what is answered.
const TRAVELS: &[&str] = &[
    "about",
    "across",
    "after",
    "against",
    "all",
    "alpha",
    "around",
    "artifacts",
    "band",
    "baseline",
    "before",
    "by",
    "bytes",
    "check",
    "code",
    "cols",
    "context",
    "count",
    "csv",
    "deep",
    "deleted",
    "depth",
    "down",
    "dpi",
    "dry_run",
    "env",
    "exit_code",
    "exit_status",
    "exp",
    "experiment",
    "expires",
    "filter",
    "first",
    "first_step",
    "follow",
    "force",
    "format",
    "from",
    "globs",
    "goal",
    "grep",
    "group",
    "head",
    "height",
    "impact",
    "into",
    "jobs",
    "json",
    "kind",
    "last_step",
    "level",
    "limit",
    "log",
    "log_x",
    "log_y",
    "lsn",
    "max_points",
    "md",
    "median",
    "method",
    "metric",
    "metrics",
    "moment",
    "n",
    "ndjson",
    "node",
    #[cfg(feature = "top")]
    "once",
    "normalize",
    "only_changed",
    "page",
    "patch",
    "path",
    "paths",
    "pattern",
    "percent",
    "plot",
    "points",
    "progress",
    "projector",
    "query",
    "quiet",
    "removed",
    "resume",
    "run",
    "runs",
    "second",
    "seed",
    "selector",
    "since",
    "smooth",
    "sort",
    "source",
    "state",
    "stats",
    "steps",
    "test",
    "theme",
    "title",
    "top",
    "tree",
    "types",
    "until",
    "up",
    "watch",
    "width",
    "words",
    "x",
];

/// What a command does. One that has no row does what must not be done from afar.
pub fn way(path: &str) -> Way {
    let row = ROWS.iter().find(|(name, _)| *name == path);
    row.map_or(Way::Changes, |(_, way)| *way)
}

/// Whether an option may be sent.
pub fn travels(argument: &Arg) -> bool {
    TRAVELS.contains(&argument.get_id().as_str()) && !is_path(argument)
}

/// Whether its value is a path.
pub fn is_path(argument: &Arg) -> bool {
    argument.get_action().takes_values()
        && argument.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

/// As people know it.
pub fn shown(argument: &Arg) -> String {
    match (argument.get_long(), argument.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => argument.get_id().to_string(),
    }
}

/// Whether a command may run for somebody who only looks, and what it is like. The words are those of a stranger.
pub fn check(ask: &CommandAsk) -> Result<CommandPlan, CommandRefusal> {
    let plan = plan(&ask.arguments)?;
    if ask.positions && ask.arguments.first().is_none_or(|word| word != "tail") {
        return Err(refused(
            "only `tail` tells positions",
            Some("leave `positions` out"),
        ));
    }
    Ok(plan)
}

/// The same of its words.
pub fn plan(words: &[String]) -> Result<CommandPlan, CommandRefusal> {
    let line = std::iter::once("mltrack").chain(words.iter().map(String::as_str));
    let matches = table::command().try_get_matches_from(line);
    let matches = matches.map_err(|error| {
        let text = error.render().to_string();
        let what = text.lines().next().unwrap_or_default();
        refused(what.trim_start_matches("error: "), Some("mltrack --help"))
    })?;
    let mut root = table::command();
    root.build();
    let given = Given::of(&root, &matches);
    match way(&given.path) {
        Way::Looks | Way::Streams => {}
        Way::LooksWith(options) if options.iter().all(|option| given.has(option)) => {}
        Way::LooksWith(options) => {
            let options = options.join(" and --").replace('_', "-");
            let what = format!("`{}` looks only with --{options}", given.path);
            return Err(refused(&what, Some(&format!("add --{options}"))));
        }
        Way::Fetches | Way::Changes | Way::Local => {
            let what = format!("`{}` is no command that looks at a store", given.path);
            return Err(refused(
                &what,
                Some("give it on the machine that has the store"),
            ));
        }
    }
    if let Some(argument) = given.arguments().find(|argument| !travels(argument)) {
        let what = format!("{} is not taken from afar", shown(argument));
        return Err(refused(&what, Some("leave it out")));
    }
    let follows = given.has("follow") || given.has("watch");
    Ok(CommandPlan { follows })
}

fn refused(what: &str, hint: Option<&str>) -> CommandRefusal {
    CommandRefusal {
        what: what.to_owned(),
        hint: hint.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves() -> Vec<(String, clap::Command)> {
        fn walk(command: &clap::Command, path: &str, leaves: &mut Vec<(String, clap::Command)>) {
            let inner: Vec<_> = command.get_subcommands().collect();
            if inner.is_empty() || !command.is_subcommand_required_set() && !path.is_empty() {
                leaves.push((path.to_owned(), command.clone()));
            }
            for inner in inner.into_iter().filter(|inner| inner.get_name() != "help") {
                let path = format!("{path} {}", inner.get_name());
                walk(inner, path.trim_start(), leaves);
            }
        }
        let mut root = table::command();
        root.build();
        let mut leaves = Vec::new();
        walk(&root, "", &mut leaves);
        // The topic `help` is a command of ours, the other ones are clap's.
        leaves.push((
            "help".to_owned(),
            root.find_subcommand("help").unwrap().clone(),
        ));
        leaves
    }

    #[test]
    fn every_command_has_one_row_and_every_row_a_command() {
        let mut known: Vec<String> = leaves().into_iter().map(|(path, _)| path).collect();
        let mut rows: Vec<&str> = ROWS.iter().map(|(path, _)| *path).collect();
        known.sort();
        rows.sort_unstable();
        assert_eq!(known, rows);
    }

    #[test]
    fn every_option_of_a_command_that_looks_travels_or_is_known_to_stay() {
        /// Of paths and of what changes something: refused.
        const REFUSED: &[&str] = &[
            "repair",
            "to",
            "into",
            "files",
            "force",
            "dry_run",
            "partition",
        ];
        let mut unknown = Vec::new();
        let mut used = Vec::new();
        for (path, command) in leaves() {
            if matches!(way(&path), Way::Fetches | Way::Changes | Way::Local) {
                continue;
            }
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                used.push(id.to_owned());
                // The same name is a pattern elsewhere, and a folder here.
                let is_known = is_path(argument)
                    || id == "help"
                    || id == "version"
                    || STAYS.contains(&id)
                    || REFUSED.contains(&id)
                    || travels(argument);
                if !is_known {
                    unknown.push(format!("{path}: {id}"));
                }
            }
        }
        assert!(
            unknown.is_empty(),
            "decide whether they travel: {unknown:#?}"
        );
        let is_idle = |id: &&&str| !used.iter().any(|known| known == *id);
        let idle: Vec<_> = TRAVELS.iter().filter(is_idle).collect();
        assert!(idle.is_empty(), "nothing is called {idle:?}");
    }

    #[test]
    fn the_page_names_every_command_that_looks() {
        let looks = ROWS
            .iter()
            .filter(|(_, way)| !matches!(way, Way::Changes | Way::Local));
        let names: Vec<String> = looks.map(|(path, _)| format!("`{path}`")).collect();
        let line = format!("These look: {}.", names.join(", "));
        let page = include_str!("../../../docs/cli.md");
        assert!(
            page.lines().any(|known| known == line),
            "docs/cli.md lacks\n{line}"
        );
    }

    fn refusal(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        plan(&words).map_or_else(|refusal| refusal.what, |_| String::new())
    }

    #[test]
    fn a_stranger_can_look_and_nothing_else() {
        for line in [
            "runs",
            "tail -f",
            "replay --check",
            "verify --deep",
            "top --once",
            "artifact cat r p",
        ] {
            assert_eq!(refusal(line), "", "{line}");
        }
        for line in [
            "rm a --yes",
            "runs -C /etc",
            "runs --store=/etc",
            "-C /etc runs",
            "runs -o /etc/passwd",
            "runs --output=x",
            "export runs -o x",
            "export metrics --partition exp",
            "export all -o x",
            "tail --cursor-file x",
            "replay",
            "top",
            "replay --to 7 --into x",
            "artifact get r",
            "dataset get d --into /etc",
            "dataset get d --dry-run",
            "dataset split d --into a=1 --files x",
            "model get m",
            "artifact get r --dry-run",
            "artifact get r --dry-run --force --to x",
            "verify --artifacts --repair /etc",
            "artifact verify r --repair s3://a",
            "lineage link a b",
            "gc --dry-run",
            "doctor",
            "key ls",
            "serve",
            "answer",
            "config show",
            "man --into x",
            "help",
            "runs --help",
            "--version",
            "nonsense",
            "run exec e -- sh",
            "reproduce r",
        ] {
            assert_ne!(refusal(line), "", "{line}");
        }
        assert_eq!(
            plan(&[]).map_err(|refusal| refusal.what.is_empty()),
            Err(false)
        );
    }

    #[test]
    fn what_goes_on_is_known_beforehand() {
        for (line, follows) in [("tail -f", true), ("runs --watch", true), ("tail", false)] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(plan(&words).unwrap().follows, follows, "{line}");
        }
    }
}
