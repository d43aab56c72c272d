//! `mltrack plot`: charts as files, for papers and reports.
//!
//! 1. A file appears when it is whole, and what was there before stays until then.
//! 2. What is not drawn (runs beyond `--top`, points that have no place on an axis) is said.
//! 3. The picture is a function of the store and the options: the same again gives the same bytes.

mod chosen;
mod curves;
mod destination;
mod distributions;
pub mod far;
mod groups;
mod kinds;
mod lines;
mod options;
mod runs;

use std::path::PathBuf;

use clap::ValueEnum;
use mltrack::Tracker;
use mltrack_plot::{Curves, Page, Picture, ThemeName};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Exit, Failure, Outcome};
use crate::look::At;
use crate::output::items::Envelope;
use crate::output::quantity::counted;
use crate::output::{OutputArguments, People, Sheet, list_fields, print};
use crate::pairs;
use crate::runs::pick::Pick;
use crate::store;
use chosen::Chosen;
use destination::{FileForm, Place};
pub use kinds::Band;
use kinds::{Kind, Normalize};
use options::{Across, Length, parse_share, parse_size};

/// Draw runs into an SVG or PNG file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Words name runs (an id's beginning, a name, EXP/12, @last, @running, @best), experiments, which stand for
their runs, and metrics (* and ? stand for anything); -m is for a metric that is called like a run.
Kinds: curves over steps or time; groups of replicates with a band; parallel axes of the params that differ;
histograms over steps; a confusion matrix; scatter and bar of columns as `runs` has them, such as acc.max.

  mltrack plot @last loss -o loss.svg
  mltrack plot resnet 'val*' --smooth 0.9 --log-y -o val.png --width 174mm --dpi 600
  mltrack plot resnet loss --context subset=val -o val.svg
  mltrack plot resnet acc --kind groups --by seed --band ci95 -o acc.svg
  mltrack plot resnet acc --kind parallel -o sweep.svg
  mltrack plot @best confusion --kind confusion --normalize row -o confusion.png
  mltrack plot resnet acc.max --kind scatter --x =lr --log-x -o lr.svg")]
pub struct Arguments {
    /// Runs, experiments and metrics
    #[arg(value_name = "RUN|EXP|METRIC")]
    words: Vec<String>,
    /// A metric, whatever runs are called
    #[arg(short, long, value_name = "GLOB")]
    metric: Vec<String>,
    /// Only metrics with this in their context
    #[arg(long, value_name = "KEY=VALUE", value_parser = pairs::split)]
    context: Vec<(String, String)>,
    #[command(flatten)]
    pick: Pick,
    /// At most so many runs, newest first
    #[arg(long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// What is drawn
    #[arg(long, value_enum, value_name = "KIND", default_value = "curves")]
    kind: Kind,
    /// The file; its ending says the form: .svg or .png
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write this form to stdout, or into a file with another ending
    #[arg(long, value_enum, value_name = "FORM")]
    format: Option<FileForm>,
    /// How wide: in mm, cm, in, pt or px
    #[arg(long, value_name = "84mm", value_parser = parse_size)]
    width: Option<Length>,
    /// How high
    #[arg(long, value_name = "60mm", value_parser = parse_size)]
    height: Option<Length>,
    /// Pixels an inch, of a PNG and of sizes in px
    #[arg(long, value_name = "N", default_value = "300", value_parser = clap::value_parser!(u32).range(30..=2400))]
    dpi: u32,
    /// A line above the chart
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What it is for
    #[arg(long, value_enum, value_name = "THEME", default_value = "light")]
    theme: Theme,
    /// What is across: step, time, relative (since the run began), another metric; of a scatter a column
    #[arg(long, value_name = "step|time|relative|METRIC", default_value = "step")]
    x: Across,
    /// Spread what is across by its logarithms
    #[arg(long)]
    log_x: bool,
    /// Spread values by their logarithms
    #[arg(long)]
    log_y: bool,
    /// Draw a running mean, the points faint behind it: 0.9 is smooth
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    smooth: Option<f64>,
    /// From this step on
    #[arg(
        id = "first_step",
        long = "from",
        value_name = "STEP",
        allow_hyphen_values = true
    )]
    first_step: Option<i64>,
    /// Up to this step
    #[arg(
        id = "last_step",
        long = "to",
        value_name = "STEP",
        allow_hyphen_values = true
    )]
    last_step: Option<i64>,
    /// Groups hold runs that agree in all params but these; seed unless given
    #[arg(long, value_name = "PARAM,..", value_delimiter = ',')]
    by: Vec<String>,
    /// Groups show the median instead of the mean
    #[arg(long)]
    median: bool,
    /// What the band of a group shows; std unless given
    #[arg(long, value_enum, value_name = "BAND")]
    band: Option<Band>,
    /// What a confusion matrix's counts are shares of; row unless given
    #[arg(long, value_enum, value_name = "OF")]
    normalize: Option<Normalize>,
    #[command(flatten)]
    at: At,
    /// Say what was drawn as JSON, or what would be without -o; with =? the list of fields
    #[arg(long, value_name = "FIELDS", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    json: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Theme {
    Light,
    Dark,
    Print,
}

pub const FIELDS: &[&str] = &[
    "kind",
    "file",
    "format",
    "width_px",
    "height_px",
    "bytes",
    "series",
    "left_out",
];

/// What was drawn, beside the picture.
pub struct Drawn {
    pub picture: Picture,
    /// Of each line, cell or dot what it is: objects.
    pub series: Vec<Value>,
    /// What has no place in it, in words.
    pub left_out: Vec<String>,
    pub lsn: u64,
}

pub fn run(arguments: &Arguments, context: &Context) -> Outcome {
    if list_fields(&arguments.telling(), FIELDS)? {
        return Ok(Exit::Done);
    }
    let place = arguments.place()?;
    arguments.check_options()?;
    arguments.check_steps()?;
    let tracker = store::open_to_look(context)?;
    let drawn = arguments.drawn(&tracker, context)?;
    for line in &drawn.left_out {
        context.note(line);
    }
    let bytes = arguments.bytes(&drawn.picture, place.form)?;
    place.write(&bytes)?;
    arguments.say(
        &drawn.told(arguments, &place, bytes.len()),
        drawn.lsn,
        context,
    )
}

impl Drawn {
    /// In the order of [`FIELDS`].
    fn told(&self, arguments: &Arguments, place: &Place, len: usize) -> Vec<Value> {
        let (width, height) = self.picture.pixels(f64::from(arguments.dpi));
        vec![
            arguments.kind.name().into(),
            place.name().map_or(Value::Null, Value::from),
            place.form.name().into(),
            width.into(),
            height.into(),
            len.into(),
            json!(self.series),
            json!(self.left_out),
        ]
    }
}

impl Arguments {
    fn telling(&self) -> OutputArguments {
        OutputArguments::of_json(self.json.clone())
    }

    fn place(&self) -> Outcome<Place> {
        let is_told = self.json.is_some();
        Place::of(self.output.as_deref(), self.format, is_told)
    }

    fn drawn(&self, tracker: &Tracker, context: &Context) -> Outcome<Drawn> {
        let chosen = Chosen::find(self, tracker, context)?;
        match self.kind {
            Kind::Curves => curves::drawn(self, tracker, &chosen, context),
            Kind::Groups => groups::drawn(self, tracker, &chosen, context),
            Kind::Parallel => runs::parallel(self, tracker, &chosen, context),
            Kind::Scatter => runs::scatter(self, &chosen, context),
            Kind::Bar => runs::bars(self, &chosen, context),
            Kind::Histograms => distributions::histograms(self, tracker, &chosen, context),
            Kind::Confusion => distributions::confusion(self, tracker, &chosen, context),
        }
    }

    fn width_mm(&self) -> f64 {
        self.width.map_or(84.0, |length| length.mm(self.dpi))
    }

    /// A page, as high as so many panels need unless it is said.
    fn page(&self, panels: usize) -> Outcome<Page> {
        self.page_or(self.panels_mm(panels))
    }

    /// What panels are high, as many beside one another as the width has room for.
    fn panels_mm(&self, panels: usize) -> f64 {
        let panels = panels.max(1);
        let across = ((self.width_mm() / 67.0).floor() as usize).clamp(1, panels);
        match panels.div_ceil(across) {
            1 => 60.0,
            rows => rows as f64 * 46.0 + 12.0,
        }
    }

    /// The same, and higher where the legend has more than three rows.
    fn page_of_curves(&self, chart: &Curves) -> Outcome<Page> {
        const ROWS_MM: f64 = 11.5;
        const MORE_MAX_MM: f64 = 80.0;
        let more = chart.legend_height(self.width_mm()) - ROWS_MM;
        self.page_or(self.panels_mm(chart.panels.len()) + more.clamp(0.0, MORE_MAX_MM))
    }

    /// A page of this height, unless it is said.
    fn page_or(&self, height_mm: f64) -> Outcome<Page> {
        self.page_of(
            self.width_mm(),
            self.height.unwrap_or(Length::Mm(height_mm)),
        )
    }

    fn page_of(&self, width: f64, height: Length) -> Outcome<Page> {
        let height = height.mm(self.dpi);
        let page = Page::new(width, height).map_err(|error| {
            Failure::usage(error.to_string())
                .hint("--width 84mm is a column of a journal, 174mm a page")
        })?;
        let page = page.theme(match self.theme {
            Theme::Light => ThemeName::Light,
            Theme::Dark => ThemeName::Dark,
            Theme::Print => ThemeName::Print,
        });
        Ok(match &self.title {
            Some(title) => page.title(title),
            None => page,
        })
    }

    fn bytes(&self, picture: &Picture, form: FileForm) -> Outcome<Vec<u8>> {
        match form {
            FileForm::Svg => Ok(picture.svg().into_bytes()),
            FileForm::Png => Ok(picture.png(f64::from(self.dpi)).map_err(|error| {
                Failure::usage(error.to_string()).hint("a smaller --width, --height or --dpi")
            })?),
        }
    }

    /// To people on stderr, so that stdout stays the picture's; as JSON on stdout.
    fn say(&self, told: &[Value], lsn: u64, context: &Context) -> Outcome {
        if self.json.is_some() {
            let envelope = Envelope {
                total: 1,
                lsn,
                next: Value::Null,
            };
            let sheet = Sheet {
                fields: FIELDS,
                items: vec![told.to_vec()],
                envelope,
                people: People::Text(String::new()),
            };
            print(&sheet, &self.telling(), &context.terminal)?;
            return Ok(Exit::Done);
        }
        if let Some(file) = told[1].as_str() {
            let series = told[6].as_array().into_iter().flatten();
            let drawn = series.filter(|it| it["drawn"].as_u64() != Some(0)).count();
            let size = match told[2].as_str() {
                Some("png") => format!(", {} x {} px", told[3], told[4]),
                _ => String::new(),
            };
            context.note(&format!(
                "wrote {file}: {} drawn{size}",
                counted(drawn as u64, "thing")
            ));
        }
        Ok(Exit::Done)
    }
}
