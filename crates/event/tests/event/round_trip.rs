//! What is encoded is decoded to the same event, bit for bit.

use mltrack_event::{Event, TypeId, Version, decode, encode};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::samples::samples;
use crate::strategies;

/// Encodes, decodes, and compares bytes (every bit of a NaN) and meaning (`Debug`, as NaN != NaN).
fn check(event: &Event) {
    let mut bytes = Vec::new();
    let (type_id, version) = encode(event, &mut bytes).unwrap();
    let decoded = decode(type_id.0, version.0, &bytes).unwrap();
    assert_eq!(format!("{decoded:?}"), format!("{event:?}"));

    let mut again = Vec::new();
    assert_eq!(encode(&decoded, &mut again).unwrap(), (type_id, version));
    assert_eq!(again, bytes);
}

#[test]
fn every_type_of_event_survives_the_round_trip() {
    let config = Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    };
    for type_id in TypeId::ALL {
        let strategy = strategies::event(*type_id);
        let result = TestRunner::new(config.clone()).run(&strategy, |event| {
            prop_assert_eq!(event.type_id(), *type_id);
            check(&event);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{type_id:?}: {error}"));
    }
}

#[test]
fn every_sample_survives_the_round_trip() {
    for type_id in TypeId::ALL {
        let samples = samples(*type_id);
        assert!(!samples.is_empty());
        for sample in samples {
            assert_eq!(sample.type_id(), *type_id);
            check(&sample);
        }
    }
}

#[test]
fn a_payload_is_appended_to_what_the_buffer_holds() {
    let [sample, ..] = &samples(TypeId::TAG_REMOVED)[..] else {
        panic!("there is one")
    };
    let (mut bytes, mut alone) = (vec![1, 2, 3], Vec::new());
    encode(sample, &mut bytes).unwrap();
    encode(sample, &mut alone).unwrap();
    assert_eq!(bytes[..3], [1, 2, 3]);
    assert_eq!(bytes[3..], alone);
}

#[test]
fn unknown_types_and_newer_versions_are_kept_as_they_are() {
    for (type_id, version) in [(0x0100, 1), (0x007F, 9), (TypeId::RUN_CREATED.0, 2), (0, 0)] {
        let event = decode(type_id, version, b"anything").unwrap();
        let expected = Event::Unknown {
            type_id: TypeId(type_id),
            version: Version(version),
            payload: b"anything".to_vec(),
        };
        assert_eq!(event, expected);
        assert_eq!(event.type_name(), "unknown");
        assert_eq!(
            (event.run(), event.experiment(), event.stream()),
            (None, None, None)
        );
        check(&event);
    }
}
