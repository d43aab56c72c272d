//! Bytes that nobody wrote, or that were cut, changed or lengthened: errors, never a panic.

use mltrack_event::*;
use proptest::prelude::*;

use crate::samples::samples;
use crate::strategies;

fn encoded(event: &Event) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(event, &mut bytes).unwrap();
    bytes
}

fn cause(type_id: TypeId, payload: &[u8]) -> DecodeCause {
    decode(type_id.0, 1, payload).unwrap_err().cause
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_decode_or_are_refused(
        index in 0..TypeId::ALL.len(),
        version in 0..3u16,
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        if let Ok(event) = decode(TypeId::ALL[index].0, version, &payload) {
            prop_assert!(payload_json(&event).is_object());
            let (type_id, version) = encode(&event, &mut Vec::new()).unwrap();
            prop_assert_eq!(type_id, TypeId::ALL[index]);
            prop_assert!(version.0 > 0);
        }
    }

    #[test]
    fn a_changed_byte_never_panics(
        event in strategies::any_event(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut payload = encoded(&event);
        let at = at.index(payload.len());
        payload[at] = byte;
        if let Ok(changed) = decode(event.type_id().0, 1, &payload) {
            prop_assert!(payload_json(&changed).is_object());
        }
    }

    #[test]
    fn a_cut_payload_is_refused(
        event in strategies::any_event(),
        at in any::<prop::sample::Index>(),
    ) {
        let payload = encoded(&event);
        let cut = &payload[..at.index(payload.len())];
        let error = decode(event.type_id().0, 1, cut).unwrap_err();
        prop_assert_eq!(error.cause, DecodeCause::Truncated);
        prop_assert!(error.offset <= cut.len());
    }

    #[test]
    fn bytes_that_follow_are_refused_at_their_offset(
        event in strategies::any_event(),
        more in proptest::collection::vec(any::<u8>(), 1..9),
    ) {
        let mut payload = encoded(&event);
        let len = payload.len();
        payload.extend_from_slice(&more);
        let error = decode(event.type_id().0, 1, &payload).unwrap_err();
        prop_assert_eq!(error.cause, DecodeCause::Trailing { len: more.len() });
        prop_assert_eq!(error.offset, len);
    }
}

#[test]
fn a_hostile_length_is_refused_before_anything_is_allocated() {
    for length in [1 << 32, 1 << 61, u64::MAX] {
        let mut payload = vec![0; 8];
        payload.push(253);
        payload.extend_from_slice(&length.to_le_bytes());
        // A text, a list of pairs, a list of texts with options, a list of plain numbers.
        for type_id in [TypeId::NOTE_ADDED, TypeId::TAGS_SET, TypeId::LOG_LINE] {
            assert_eq!(
                cause(type_id, &payload),
                DecodeCause::LengthTooLarge,
                "{type_id:?}"
            );
        }
        payload.splice(8..8, [0; 9]);
        assert_eq!(
            cause(TypeId::METRICS_LOGGED, &payload),
            DecodeCause::LengthTooLarge
        );
        let error = decode_metrics(1, &payload).unwrap_err();
        assert_eq!(error.cause, DecodeCause::LengthTooLarge);
    }
}

#[test]
fn a_value_outside_its_type_is_refused_by_name() {
    let [sample, ..] = &samples(TypeId::EXPERIMENT_ARCHIVED)[..] else {
        panic!("there is one")
    };
    let mut payload = encoded(sample);
    payload[3] = 6; // The state, after three bytes of the id 300.
    let error = decode(sample.type_id().0, 1, &payload)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("experiment_archived version 1, at byte 4 of"),
        "{error}"
    );
    assert!(error.contains("ExperimentState"), "{error}");

    let [sample, ..] = &samples(TypeId::TAG_REMOVED)[..] else {
        panic!("there is one")
    };
    let mut payload = encoded(sample);
    payload[9] = 0xff;
    assert!(matches!(
        cause(TypeId::TAG_REMOVED, &payload),
        DecodeCause::Malformed(_)
    ));
}

#[test]
fn version_0_of_a_known_type_is_refused() {
    let error = decode(TypeId::NOTE_ADDED.0, 0, &[]).unwrap_err();
    assert_eq!(error.cause, DecodeCause::NoSuchVersion);
}

#[test]
fn what_can_be_encoded_can_be_decoded_even_where_it_grows_most() {
    // Two bytes become two empty texts of 24 bytes each, and one byte becomes one.
    let run = RunKey::from_bytes([0; 8]);
    let (actor, command) = (String::new(), String::new());
    let tags = vec![(String::new(), String::new()); PAYLOAD_LEN_MAX / 2 - 16];
    let tagged: Event = TagsSet {
        run,
        tags,
        actor,
        command,
    }
    .into();
    let remove = vec![String::new(); PAYLOAD_LEN_MAX - 16];
    let (set, actor, command) = (Vec::new(), String::new(), String::new());
    let experiment = ExperimentId(1);
    let untagged: Event = ExperimentTagged {
        experiment,
        set,
        remove,
        actor,
        command,
    }
    .into();
    let line = Line {
        level: Level::Info,
        source: String::new(),
        text: String::new(),
        time: None,
    };
    let lines: Event = LogLine {
        run,
        lines: vec![line; PAYLOAD_LEN_MAX / 4 - 16],
    }
    .into();
    for event in [tagged, untagged, lines] {
        let payload = encoded(&event);
        assert!(payload.len() > PAYLOAD_LEN_MAX - 128);
        assert_eq!(decode(event.type_id().0, 1, &payload).unwrap(), event);
    }
}

#[test]
fn a_payload_that_is_too_long_is_refused_on_both_ways() {
    let text = "x".repeat(PAYLOAD_LEN_MAX);
    let (actor, command) = (String::new(), String::new());
    let event = NoteAdded {
        run: RunKey::from_bytes([0; 8]),
        text,
        actor,
        command,
    }
    .into();
    let mut out = vec![7];
    let error = encode(&event, &mut out).unwrap_err();
    assert_eq!(out, [7], "nothing of it stays behind");
    assert!(
        error.to_string().ends_with("split it into several"),
        "{error}"
    );

    let payload = vec![0; PAYLOAD_LEN_MAX + 1];
    assert_eq!(
        cause(TypeId::NOTE_ADDED, &payload),
        DecodeCause::PayloadTooLong
    );
    assert_eq!(
        decode_metrics(1, &payload).unwrap_err().cause,
        DecodeCause::PayloadTooLong
    );
}
