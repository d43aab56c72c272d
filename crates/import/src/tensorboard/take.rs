//! What the values of events become: points, distributions, texts, artifacts, parameters.
//!
//! Invariants: a value that is of no use here is named once for a run, not for each step; a value that cannot be read
//! does not keep the others of its run from being taken.

use std::collections::BTreeSet;

use mltrack::{EndState, Shape, Table, WallTime};

use super::event::{Data, Event, Scalar, SummaryValue, Values, What, plugin, time_ns};
use super::tags::Tags;
use super::tensor::{Items, Tensor};
use super::wire::Read;
use super::{histogram, hparams, media};
use crate::chunk::{Chunk, Content, PastArtifact, PastHistogram, PastValue};
use crate::followed::reading::Taker;
use crate::report::Untaken;

/// A text that is longer is a file.
const TEXT_LEN_MAX: usize = 512 << 10;
/// More kinds of things that are of no use are not named one by one.
const STRANGE_MAX: usize = 64;

/// A run while it is read.
#[derive(Debug, Default)]
pub(crate) struct Take {
    run: String,
    tags: Tags,
    strange: BTreeSet<String>,
    pub untaken: Vec<Untaken>,
    /// The time of the first event that was read now.
    pub first_ns: Option<i64>,
    /// The time of the last event.
    pub last_ns: Option<i64>,
    pub end: Option<(EndState, i64)>,
    /// Bytes of what is in the chunk beside points, about.
    pub other_len: usize,
}

/// When and at which step a value was logged.
type At = (i64, WallTime);

impl Taker for Take {
    const RECORD: &'static str = "event";
    const OTHER_LEN_MAX: usize = 2 << 20;

    fn other_len(&self) -> usize {
        self.other_len
    }

    #[inline]
    fn record(&mut self, record: &[u8], _at: u64, chunk: &mut Chunk) -> Read<()> {
        if let Some(scalar) = Scalar::read(record) {
            let time = self.time(scalar.wall_time_s);
            let at = (scalar.step, WallTime(time));
            self.point(scalar.tag, at, f64::from(scalar.number), chunk);
            return Ok(());
        }
        self.event(&Event::read(record)?, chunk)
    }

    fn untaken(&mut self) -> &mut Vec<Untaken> {
        &mut self.untaken
    }
}

impl Take {
    pub fn new(run: &str) -> Take {
        Take {
            run: run.to_owned(),
            ..Take::default()
        }
    }

    pub fn new_chunk(&mut self) {
        self.tags.new_chunk();
        self.other_len = 0;
    }

    /// The time of an event.
    #[inline]
    fn time(&mut self, wall_time_s: f64) -> i64 {
        let time = time_ns(wall_time_s).or(self.last_ns).unwrap_or(0);
        self.first_ns = self.first_ns.or(Some(time));
        self.last_ns = Some(time);
        time
    }

    /// What is no lone number in the order in which everybody writes one.
    fn event(&mut self, event: &Event<'_>, chunk: &mut Chunk) -> Read<()> {
        let time = self.time(event.wall_time_s);
        match event.what {
            What::Summary(summary) => {
                let mut values = Values::of(summary);
                while let Some(value) = values.next()? {
                    self.value(&value, (event.step, WallTime(time)), chunk)?;
                }
            }
            What::Other(what) => self.strange(what, "there is nothing here to keep it as"),
            What::Version(_) | What::Nothing => {}
        }
        Ok(())
    }

    #[inline]
    fn value(&mut self, value: &SummaryValue<'_>, at: At, chunk: &mut Chunk) -> Read<()> {
        match value.data {
            Data::Number(number) => {
                self.point(value.tag, at, f64::from(number), chunk);
                Ok(())
            }
            _ => self.other(value, at, chunk),
        }
    }

    #[inline]
    fn point(&mut self, tag: &[u8], (step, time): At, number: f64, chunk: &mut Chunk) {
        let slot = self.tags.slot(tag, &mut chunk.points);
        chunk.points.push(slot, step, time.0, number);
    }

    /// What is no lone number, as one in a thousand values is.
    #[cold]
    fn other(&mut self, value: &SummaryValue<'_>, at: At, chunk: &mut Chunk) -> Read<()> {
        let said = value.metadata.map(plugin).transpose()?;
        if let Some((b"hparams", content)) = said {
            return self.hparams(content, at, chunk);
        }
        let tag = String::from_utf8_lossy(value.tag).into_owned();
        match value.data {
            Data::Histogram(message) => {
                let counted = histogram::of_proto(message)?;
                self.histogram(tag, at, counted, chunk);
            }
            Data::Image(message) | Data::Audio(message) => {
                self.media(&tag, at, &[media::encoded(message)?], chunk);
            }
            Data::Tensor(message) => {
                let tensor = Tensor::read(message)?;
                let named = said.map(|(name, _)| name);
                let plugin = self.tags.plugin(value.tag, named).map(<[u8]>::to_vec);
                self.tensor((value.tag, &tag), at, (&tensor, plugin.as_deref()), chunk);
            }
            Data::Number(_) | Data::Nothing => {
                let plugin = said.map_or_else(String::new, |(name, _)| shown(name));
                self.strange(&format!("{tag} ({plugin})"), "it has no value");
            }
        }
        Ok(())
    }

    fn tensor(
        &mut self,
        (name, tag): (&[u8], &str),
        at: At,
        (tensor, plugin): (&Tensor<'_>, Option<&[u8]>),
        chunk: &mut Chunk,
    ) {
        match (plugin, &tensor.items) {
            (Some(b"scalars") | None, Items::Numbers(_)) if tensor.lone_number().is_some() => {
                let number = tensor.lone_number().unwrap_or_default();
                self.point(name, at, number, chunk);
            }
            (plugin @ (Some(b"histograms") | None), Items::Numbers(_))
                if plugin.is_some() || tensor.has_rows_of_three() =>
            {
                self.histogram(tag.to_owned(), at, histogram::of_tensor(tensor), chunk);
            }
            (Some(plugin @ (b"images" | b"audio")), Items::Texts(_)) => {
                self.media(tag, at, &media::of_tensor(tensor, plugin), chunk);
            }
            (Some(b"text") | None, Items::Texts(texts)) => {
                self.texts(tag, at, (texts, &tensor.shape), chunk);
            }
            (plugin, items) => {
                let what = match (plugin, items) {
                    (Some(plugin), _) => format!("{tag} ({})", shown(plugin)),
                    (None, Items::Strange(dtype)) => format!("{tag} (a tensor of type {dtype})"),
                    (None, _) => format!("{tag} (a tensor)"),
                };
                self.strange(&what, "there is nothing here to keep it as");
            }
        }
    }

    fn histogram(
        &mut self,
        name: String,
        (step, time): At,
        counted: Option<histogram::Counted>,
        chunk: &mut Chunk,
    ) {
        let Some(counted) = counted else {
            return self.strange(&format!("distribution {name}"), "it has no buckets");
        };
        self.other_len += counted.edges.len() * 16;
        chunk.histograms.push(PastHistogram {
            name,
            step,
            time,
            edges: counted.edges,
            counts: counted.counts,
            sums: counted.sums,
        });
    }

    fn media(&mut self, tag: &str, at: At, encoded: &[&[u8]], chunk: &mut Chunk) {
        self.other_len += encoded.iter().map(|bytes| bytes.len()).sum::<usize>();
        chunk.artifacts.extend(media::artifacts(tag, at, encoded));
    }

    fn texts(&mut self, tag: &str, at: At, (texts, shape): (&[&[u8]], &[u64]), chunk: &mut Chunk) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let shape = match (texts, shape) {
            ([one], _) => Shape::Text { text: text(one) },
            (several, [_, columns])
                if *columns > 0 && (several.len() as u64).is_multiple_of(*columns) =>
            {
                let rows = several.chunks(*columns as usize);
                table((0..*columns).map(|at| at.to_string()), rows)
            }
            (several, _) => table(["text".to_owned()].into_iter(), several.chunks(1)),
        };
        let json = serde_json::to_string(&shape).expect("texts are JSON");
        self.other_len += json.len();
        let (step, time) = at;
        if json.len() <= TEXT_LEN_MAX {
            let name = tag.to_owned();
            chunk.values.push(PastValue {
                name,
                step,
                time,
                json,
            });
            return;
        }
        let (bytes, ending) = match shape {
            Shape::Text { text } => (text.into_bytes(), "txt"),
            _ => (json.into_bytes(), "json"),
        };
        chunk.artifacts.push(PastArtifact {
            path: format!("{}/{step}.{ending}", media::folder(tag)),
            step: Some(step),
            time,
            metadata: String::new(),
            content: Content::Bytes(bytes),
        });
    }

    fn hparams(&mut self, content: &[u8], (_, time): At, chunk: &mut Chunk) -> Read<()> {
        let said = hparams::read(content)?;
        chunk.params.extend(said.params);
        let tags = said.tags.into_iter();
        chunk
            .tags
            .extend(tags.map(|(key, value)| (key.to_owned(), value)));
        if let Some(start) = said.start_s.and_then(time_ns).filter(|start| *start > 0)
            && let Some(facts) = &mut chunk.facts
        {
            facts.started = Some(WallTime(start));
        }
        if let Some((state, seconds)) = said.end {
            let end = time_ns(seconds).filter(|end| *end > 0).unwrap_or(time.0);
            self.end = Some((state, end));
        }
        Ok(())
    }

    /// Names something that is not taken, once.
    fn strange(&mut self, what: &str, why: &str) {
        if self.strange.len() < STRANGE_MAX && self.strange.insert(what.to_owned()) {
            self.untaken
                .push(Untaken::unsupported(what, &self.run, why));
        }
    }
}

fn table<'a>(
    columns: impl Iterator<Item = String>,
    rows: impl Iterator<Item = &'a [&'a [u8]]>,
) -> Shape {
    let cell = |bytes: &&[u8]| serde_json::Value::from(String::from_utf8_lossy(bytes).into_owned());
    let rows = rows.map(|row| row.iter().map(cell).collect()).collect();
    Shape::Table(Table::new(columns, rows).expect("rows are cut by the columns"))
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
