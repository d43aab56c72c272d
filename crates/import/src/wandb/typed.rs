//! Things that say what they are: distributions, and pictures, tables and other media that lie in files of their own.
//!
//! Invariants: a path never leads out of the run's files; a file that a step names is an artifact of that step; what is
//! neither a distribution nor has files is kept as it is, as JSON.

use mltrack::WallTime;
use serde_json::{Map, Value};

use super::json;
use super::take::{At, Take};
use crate::chunk::{Chunk, Content, PastArtifact, PastHistogram};
use crate::report::Untaken;
use crate::tensorboard::media;

/// Deeper than any thing is.
const DEPTH_MAX: usize = 8;

impl Take {
    /// Takes a thing by its type.
    pub(super) fn typed(
        &mut self,
        name: &str,
        object: Map<String, Value>,
        at: At,
        chunk: &mut Chunk,
    ) {
        self.typed_names.insert(name.to_owned());
        if object.get("_type").and_then(Value::as_str) == Some("histogram")
            && let Some(histogram) = histogram(name, &object, at)
        {
            self.other_len += histogram.edges.len() * 16;
            chunk.histograms.push(histogram);
            return;
        }
        let object = json::plain(Value::Object(object));
        let mut files = Vec::new();
        collect(&object, "", DEPTH_MAX, &mut files);
        if files.is_empty() {
            return self.json(name, object.to_string(), at, chunk);
        }
        let metadata = object.to_string();
        for (below, path) in files {
            let folder = match below.as_str() {
                "" => media::folder(name),
                below => media::folder(&format!("{name}/{below}")),
            };
            let ending = path
                .rsplit('/')
                .next()
                .and_then(|file| file.rsplit_once('.'));
            let ending = ending.map_or("bin", |(_, ending)| ending);
            let artifact = format!("{folder}/{}.{}", at.0, media::folder(ending));
            self.media(&artifact, &path, &metadata, at, chunk);
        }
    }

    /// Takes a file that a step names.
    fn media(
        &mut self,
        artifact: &str,
        path: &str,
        metadata: &str,
        (step, time): At,
        chunk: &mut Chunk,
    ) {
        self.files_taken.insert(path.to_owned());
        if self.is_replayed {
            return;
        }
        match self.file(path) {
            Ok(file) => {
                self.other_len += metadata.len();
                chunk.artifacts.push(PastArtifact {
                    path: artifact.to_owned(),
                    step: Some(step),
                    time,
                    metadata: metadata.to_owned(),
                    content: Content::File(file),
                });
            }
            Err(why) => {
                let what = format!("file {path} of step {step}");
                self.untaken.push(Untaken::damaged(what, &self.place, why));
            }
        }
    }
}

/// A distribution, by its edges or by their first and their distance.
fn histogram(
    name: &str,
    object: &Map<String, Value>,
    (step, time): (i64, WallTime),
) -> Option<PastHistogram> {
    let counts = object.get("values")?.as_array()?;
    let count = |count: &Value| {
        let number = count.as_f64()?;
        (number >= 0.0 && number.fract() == 0.0 && number < 9e15).then_some(number as u64)
    };
    let counts = counts.iter().map(count).collect::<Option<Vec<u64>>>()?;
    let edges = match (object.get("bins"), object.get("packedBins")) {
        (Some(Value::Array(edges)), _) => edges
            .iter()
            .map(Value::as_f64)
            .collect::<Option<Vec<f64>>>()?,
        (_, Some(packed)) => {
            let number = |key: &str| packed.get(key)?.as_f64();
            let (min, width) = (number("min")?, number("size")?);
            (0..=counts.len())
                .map(|at| min + width * at as f64)
                .collect()
        }
        _ => return None,
    };
    let is_sound = edges.len() == counts.len() + 1
        && edges.is_sorted_by(|left, right| left < right)
        && edges.iter().all(|edge| edge.is_finite());
    is_sound.then(|| PastHistogram {
        name: name.to_owned(),
        step,
        time,
        edges,
        counts,
        sums: None,
    })
}

/// The files that a thing names, each with where in the thing it is named.
fn collect(value: &Value, below: &str, depth: usize, files: &mut Vec<(String, String)>) {
    let under = |part: &str| match below {
        "" => part.to_owned(),
        below => format!("{below}/{part}"),
    };
    match value {
        Value::Object(object) if depth > 0 => {
            for (key, value) in object {
                match (key.as_str(), value) {
                    ("path", Value::String(path)) => files.push((below.to_owned(), path.clone())),
                    ("filenames", Value::Array(paths)) => {
                        let paths = paths.iter().filter_map(Value::as_str).enumerate();
                        files.extend(
                            paths.map(|(at, path)| (under(&at.to_string()), path.to_owned())),
                        );
                    }
                    // A list of things has the name of what it is of, which says nothing.
                    (_, Value::Array(_)) => collect(value, below, depth - 1, files),
                    (key, value) => collect(value, &under(key), depth - 1, files),
                }
            }
        }
        Value::Array(items) if depth > 0 => {
            for (at, item) in items
                .iter()
                .enumerate()
                .filter(|(_, item)| item.is_object())
            {
                collect(item, &under(&at.to_string()), depth - 1, files);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn files(value: &Value) -> Vec<(String, String)> {
        let mut files = Vec::new();
        collect(value, "", DEPTH_MAX, &mut files);
        files.sort();
        files
    }

    fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn files_are_found_wherever_a_thing_names_them() {
        let picture =
            json!({"_type": "image-file", "path": "a.png", "masks": {"m": {"path": "m.png"}}});
        assert_eq!(
            files(&picture),
            named(&[("", "a.png"), ("masks/m", "m.png")])
        );
        let several = json!({"_type": "images/separated", "filenames": ["a.png", "b.png"], "captions": ["x"]});
        assert_eq!(files(&several), named(&[("0", "a.png"), ("1", "b.png")]));
        let sounds = json!({"_type": "audio", "audio": [{"path": "a.wav"}, {"path": "b.wav"}]});
        assert_eq!(files(&sounds), named(&[("0", "a.wav"), ("1", "b.wav")]));
        let mut deep = json!({"path": "x"});
        for _ in 0..20 {
            deep = json!({ "a": deep });
        }
        assert!(files(&deep).is_empty());
    }

    #[test]
    fn a_distribution_is_one_only_when_it_is_sound() {
        let at = (1, WallTime(2));
        let of = |value: Value| histogram("h", value.as_object().unwrap(), at);
        let own = of(json!({"bins": [0, 0.5, 2], "values": [3, 4]})).unwrap();
        assert_eq!((own.edges, own.counts), (vec![0.0, 0.5, 2.0], vec![3, 4]));
        let packed = json!({"packedBins": {"min": 1, "size": 2, "count": 2}, "values": [3, 4]});
        assert_eq!(of(packed).unwrap().edges, [1.0, 3.0, 5.0]);
        for broken in [
            json!({"bins": [0, 1], "values": [3, 4]}),
            json!({"bins": [0, 0, 1], "values": [3, 4]}),
            json!({"bins": [0, 1, 2], "values": [0.5, 4]}),
            json!({"values": [1]}),
            json!({"bins": [0, 1]}),
        ] {
            assert_eq!(of(broken), None);
        }
    }
}
