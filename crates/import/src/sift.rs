//! Takes out of a chunk what the store would refuse, so that one bad name does not end an import.
//!
//! Invariant: what is left breaks no rule of names and no limit of a record; what is taken out is said.

use mltrack::{MetricKey, NameKind, PieceHistogram};

use crate::chunk::Chunk;
use crate::report::Untaken;

/// A JSON value, a note and a line have at most so many bytes: a little less than a record holds.
const TEXT_LEN_MAX: usize = 1_000_000;
/// What is shown of a name that is none.
const SHOWN_CHARACTERS_MAX: usize = 60;

/// What the store would refuse of a run's chunk, taken out of it.
pub(crate) fn sift(run: &str, chunk: &mut Chunk) -> Vec<Untaken> {
    let mut untaken = Vec::new();
    let mut refuse = |what: &str, name: &str, why: &str| {
        let shown: String = name.chars().take(SHOWN_CHARACTERS_MAX).collect();
        untaken.push(Untaken::refused(format!("{what} {shown:?}"), run, why));
    };
    chunk.points.retain(|name| match MetricKey::new(name) {
        Ok(_) => true,
        Err(error) => {
            refuse("metric", name, &error.to_string());
            false
        }
    });
    chunk.histograms.retain(|one| {
        let piece = PieceHistogram {
            name: &one.name,
            step: one.step,
            time: one.time,
            edges: &one.edges,
            counts: &one.counts,
            sums: one.sums,
        };
        let checked = piece.check();
        if let Err(error) = &checked {
            refuse("distribution", &one.name, &error.to_string());
        }
        checked.is_ok()
    });
    let mut has_name = |kind: NameKind, what: &str, name: &str| {
        let checked = kind.check(name);
        if let Err(error) = &checked {
            refuse(what, name, &error.to_string());
        }
        checked.is_ok()
    };
    let is_name = |(name, _): &(String, _)| has_name(NameKind::Param, "parameter", name);
    chunk.params.retain(is_name);
    chunk
        .tags
        .retain(|(name, _)| has_name(NameKind::Tag, "tag", name));
    chunk
        .values
        .retain(|one| has_name(NameKind::Json, "value", &one.name));
    chunk.values.retain(|one| {
        let fits = one.json.len() <= TEXT_LEN_MAX;
        if !fits {
            refuse("value", &one.name, &too_long(one.json.len()));
        }
        fits
    });
    chunk.notes.retain(|(_, text)| {
        let fits = text.len() <= TEXT_LEN_MAX;
        if !fits {
            refuse("note", text, &too_long(text.len()));
        }
        fits
    });
    for line in &mut chunk.lines {
        if line.text.len() > TEXT_LEN_MAX {
            refuse("the end of a line", &line.text, &too_long(line.text.len()));
            line.text
                .truncate(line.text.floor_char_boundary(TEXT_LEN_MAX));
        }
    }
    untaken
}

fn too_long(len: usize) -> String {
    format!("it has {len} bytes, and at most {TEXT_LEN_MAX} are kept")
}
