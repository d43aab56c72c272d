//! `mltrack help`: a command's help, or a topic that belongs to no single command.
//!
//! Invariant: the topic on exit codes is printed from [`mltrack::Code`], the table that decides them.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use mltrack::Code;

use crate::failure::{Exit, Outcome};
use crate::man::find;
use crate::table;

/// Explain a command or a topic: filters, formats, exit-codes, env
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A command, or filters, formats, exit-codes, env
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

const FILTERS: &str = "\
A filter (-f, --filter) says which runs. Comparisons are joined by `and`, which may be left
out, `or`, `not` and parentheses:

  loss < 0.5                              the last value of a metric
  loss.min < 0.2                          or its min, max, mean, first, count
  metrics.loss.min@step > 1000            the step of it
  params.optimizer.lr in (0.1, 0.01)      a parameter, as a number or as text
  tags.paper = 'v2' or tags.paper is null
  status in (failed, lost)                a property of the run itself
  started > -7d and took > 1h30m          times and lengths of time
  name ilike '%elk%'                      % is any text, _ any one character
  not dirty                               made from changed code
  resnet baseline                         words in names and tags, or the beginning of an id

A name without a family is the property of this name, else the metric, the parameter, the tag.
A run that lacks what is compared is admitted by no comparison, not even by !=.
Names with blanks stand in backticks: metrics.`my loss` >= 0.5

  mltrack runs digits -f \"accuracy > 0.9 and params.model.kind = 'mlp'\"

docs/search.md has the whole grammar. What is wrong in a filter is underlined.
";

const FORMATS: &str = "\
On a terminal an answer is a table fitted to its width, with relative times.
Piped, it is tab-separated lines without a header: full ids, RFC 3339 times in UTC,
tabs and line ends inside a value as \\t and \\n, nested values as JSON.

  --json          one document {\"schema\":1,\"items\":[..],\"total\":n,\"lsn\":n,\"next\":..}
  --json=a,b      only these fields; --json=? lists them
  --ndjson        one JSON object a line
  --csv           comma-separated, with a header
  --md            a Markdown table
  -q              ids only
  -o FILE         to a file instead of stdout

NaN and the infinities are the strings \"NaN\", \"Infinity\", \"-Infinity\" in JSON.

`tail --format` takes text with these signs:
  %o lsn   %t time   %T clock   %r run   %x experiment   %e type
  %n name  %v value  %s step    %w writer  %p payload as JSON   %% percent
";

const ENVIRONMENT: &str = "\
  MLTRACK_STORE    the store, when -C names none: a folder, or http://HOST:PORT of a server
  MLTRACK_KEY      the token that such a server asks for
  SSL_CERT_FILE    the authorities that its certificate is checked with, in PEM
  MLTRACK_ARTIFACTS, MLTRACK_DATA
                   where the bytes of artifacts and of data are kept: a folder, or s3://BUCKET/PREFIX
  MLTRACK_SYSTEM_METRICS
                   how often the machine is sampled while a run runs: 10s, 500ms, off
  MLTRACK_CAPTURE  how much of its environment a run records: full, minimal or off
  MLTRACK_SETUP    what makes a program ready to be run again: cargo build --release
  MLTRACK_REPRODUCES  the run that a program is to be like; `reproduce` sets it
  XDG_DATA_HOME    where the user's store is: $XDG_DATA_HOME/mltrack/store
  PAGER            shows long output on a terminal; `cat` for none
  NO_COLOR         no colour when set
  CLICOLOR_FORCE   colour even when piped

Long commands say how far they are on stderr: --progress auto|json|none.
`mltrack config show` prints what is in force and where each value comes from.
";

pub fn run(arguments: &Arguments) -> Outcome {
    let topic = arguments.topic.join(" ");
    let text = match topic.as_str() {
        "filters" => FILTERS.to_owned(),
        "formats" => FORMATS.to_owned(),
        "env" => ENVIRONMENT.to_owned(),
        "exit-codes" => exit_codes(),
        _ => command_help(&arguments.topic)?,
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

fn command_help(words: &[String]) -> Outcome<String> {
    let mut root = table::command();
    root.build();
    let (command, _) = find(&root, words)?;
    Ok(command.clone().render_long_help().to_string())
}

fn exit_codes() -> String {
    let mut text = String::from("  exit  code\n     0  done; an empty list is 0 too\n");
    text.push_str(
        "     1  the answer is no, only where asked: replay --check, runs --exit-status,\n        search --exit-status, env diff --exit-status, compare --exit-code,\n        reproduce\n",
    );
    let mut codes: Vec<&Code> = Code::ALL.iter().collect();
    codes.sort_by_key(|code| code.exit_code());
    for code in codes {
        writeln!(text, "  {:>4}  {}", code.exit_code(), code.name())
            .expect("writing to a string cannot fail");
    }
    text.push_str("   130  interrupted\n");
    text
}
