//! The bytes of every version ever written, which must stay readable for ever.
//!
//! Invariant: a golden file is written once and never changed. `MLTRACK_BLESS=1` writes the files
//! that are missing, for a new type or version, and leaves the others alone.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use mltrack_event::{Event, TypeId, canonical_json, decode, encode, payload_json, type_from_name};

use crate::samples::samples;

fn folder() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/golden/events"
    ))
}

fn json(event: &Event) -> String {
    canonical_json(&payload_json(event))
}

/// A comment with the payload as JSON, then the payload in hex, for each sample.
fn text_of(samples: &[Event]) -> String {
    let mut text = String::new();
    for sample in samples {
        let mut bytes = Vec::new();
        encode(sample, &mut bytes).unwrap();
        writeln!(text, "# {}", json(sample)).unwrap();
        for byte in bytes {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

#[test]
fn the_newest_version_of_every_event_has_its_golden_bytes() {
    let bless = std::env::var_os("MLTRACK_BLESS").is_some();
    for type_id in TypeId::ALL {
        let samples = samples(*type_id);
        let version = samples[0].version();
        let path = folder().join(format!("{}_v{version}.hex", type_id.name().unwrap()));
        if bless && !path.exists() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, text_of(&samples)).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!(
                "{}: {error}. Write it once with MLTRACK_BLESS=1",
                path.display()
            )
        });
        assert_eq!(
            text_of(&samples),
            golden,
            "{}: these bytes are frozen",
            path.display()
        );
    }
}

#[test]
fn every_golden_file_of_every_version_still_decodes_to_its_json() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let (name, version) = stem.rsplit_once("_v").unwrap();
        let type_id = type_from_name(name).unwrap_or_else(|| panic!("no event {name}"));
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.chunks(2) {
            let [comment, hex] = pair else {
                panic!("{stem}: a comment without bytes")
            };
            let event = decode(type_id.0, version.parse().unwrap(), &from_hex(hex)).unwrap();
            assert_eq!(format!("# {}", json(&event)), *comment, "{stem}");
            seen += 1;
        }
    }
    assert!(seen >= TypeId::ALL.len());
}
