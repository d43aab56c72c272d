//! What is served here and how to connect: the text for `curl`, and what the page shows before its program is there.
//!
//! Invariant: every text of the store in the page is escaped; as plain text it moves no cursor.

use std::fmt::Write as _;

use mltrack::ExperimentSummary;

use crate::shared::Shared;

/// What there is to tell.
pub struct Facts {
    store: String,
    about: String,
    up_s: u64,
    /// Lines for a shell that connect to it.
    connect: Vec<String>,
    /// Id, name and number of runs of the first experiments.
    experiments: Vec<[String; 3]>,
    /// What shows those that are not among them.
    rest: Option<String>,
}

impl Facts {
    /// Reads it. `origin` is how the server is reached.
    pub fn of(shared: &Shared, origin: Option<String>) -> mltrack::Result<Facts> {
        let (tracker, options) = (shared.tracker(), shared.options());
        let store = tracker.path().map(|path| path.display().to_string());
        let events = tracker.next_lsn()?.map_or(0, |next| next.get() - 1);
        let experiments = tracker.experiments().fetch()?.items;
        let url = origin.unwrap_or_else(|| format!("http://{}", options.bind));
        let mut connect = vec![format!("export MLFLOW_TRACKING_URI={url}")];
        if options.is_token_needed {
            connect.push("export MLFLOW_TRACKING_TOKEN=mlt_.. MLTRACK_KEY=mlt_..".to_owned());
        }
        connect.push(format!("mltrack -C {url} runs"));
        connect.push(format!("curl {url}/api/v1/runs"));
        let access = if options.is_read_only {
            "reading only"
        } else {
            "reading and writing"
        };
        let count = experiments.len();
        let left = count.saturating_sub(EXPERIMENTS_SHOWN);
        let up_s = shared.figures().totals().up.as_secs();
        let plural = if count == 1 { "" } else { "s" };
        Ok(Facts {
            store: store.unwrap_or_default(),
            about: format!("{access}, {events} events, {count} experiment{plural}"),
            up_s,
            connect,
            experiments: experiments
                .iter()
                .take(EXPERIMENTS_SHOWN)
                .map(row)
                .collect(),
            rest: (left > 0).then(|| format!("{left} more: mltrack -C {url} exp ls")),
        })
    }

    /// The experiments as HTML, for who waits for the program of the page, or runs none.
    pub fn page(&self) -> String {
        let mut rows = String::new();
        for [id, name, runs] in &self.experiments {
            let name = escaped(name);
            writeln!(
                rows,
                "<tr><td><a class=\"name\" dir=\"auto\" href=\"/experiments/{id}\">{name}</a></td><td class=\"number\">{runs}</td></tr>"
            )
            .expect("writing to a string cannot fail");
        }
        let (store, about) = (escaped(&self.store), &self.about);
        let connect = escaped(&self.connect.join("\n"));
        let rest = self.rest.as_deref().map(escaped).unwrap_or_default();
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "<main class=\"page first\"><h1>Experiments</h1>
<table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Runs</th></tr></thead><tbody>
{rows}</tbody></table>
<p class=\"soft\">{rest}</p>
<noscript><p>mltrack {version}. The store <code>{store}</code>: {about}.</p>
<h2>Connect</h2><pre>{connect}</pre>
<p>Health <a href=\"/health\">/health</a>, figures for Prometheus <a href=\"/metrics\">/metrics</a>, the interface <a href=\"/api/v1/openapi.json\">/api/v1/openapi.json</a>.</p></noscript></main>"
        )
    }

    /// The same for who has no browser.
    pub fn text(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let mut lines = vec![format!("mltrack {version}")];
        let (store, about, up_s) = (plain(&self.store), &self.about, self.up_s);
        lines.push(format!("{store}: {about}, up for {up_s} s"));
        lines.push("\nConnect".to_owned());
        let connect = self.connect.iter();
        lines.extend(connect.map(|line| format!("  {}", plain(line))));
        lines.push("\nExperiments (id, runs, name)".to_owned());
        let rows = self.experiments.iter();
        lines.extend(rows.map(|[id, name, runs]| format!("  {id:>6} {runs:>8}  {}", plain(name))));
        lines.extend(self.rest.as_ref().map(|rest| format!("  {}", plain(rest))));
        lines.push("\nMore: /health  /metrics  /api/v1/openapi.json\n".to_owned());
        lines.join("\n")
    }
}

fn row(experiment: &ExperimentSummary) -> [String; 3] {
    [
        experiment.id.to_string(),
        experiment.name.clone(),
        experiment.run_count().to_string(),
    ]
}

/// Text that moves no cursor.
fn plain(text: &str) -> String {
    let shown = |letter: char| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    };
    text.chars().map(shown).collect()
}

/// The rest is told by the command line.
const EXPERIMENTS_SHOWN: usize = 50;

/// Text that is text in HTML, too.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    safe
}
