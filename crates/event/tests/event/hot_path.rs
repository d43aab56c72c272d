//! The path without allocations agrees with the general codec, byte for byte and error for error.

use mltrack_event::*;
use proptest::prelude::*;

use crate::samples::samples;
use crate::strategies;

/// Both ways of reading, compared by their bits.
fn agree(version: u16, payload: &[u8]) {
    let view = decode_metrics(version, payload);
    match (decode(TypeId::METRICS_LOGGED.0, version, payload), view) {
        (Ok(Event::MetricsLogged(logged)), Ok(view)) => {
            assert_eq!(view.run, logged.run);
            assert_eq!(view.columns, logged.columns);
            assert_eq!(view.step, logged.step);
            assert_eq!(view.len(), logged.values.len());
            assert_eq!(view.is_empty(), logged.values.is_empty());
            let bits: Vec<u64> = view.values().map(f64::to_bits).collect();
            let expected: Vec<u64> = logged.values.iter().map(|value| value.to_bits()).collect();
            assert_eq!(bits, expected);
            assert_eq!(view.value(0).map(f64::to_bits), expected.first().copied());
            assert_eq!(view.value(view.len()), None);
        }
        (Err(general), Err(fast)) => {
            assert_eq!(general.type_id, fast.type_id);
            // The fast path notices by its length that a list of values is cut, or can never fit.
            if general.cause != DecodeCause::Truncated {
                assert!(
                    same_cause(&general.cause, &fast.cause),
                    "{general} but {fast}"
                );
            }
        }
        (general, fast) => panic!("{payload:?}: {general:?} but {fast:?}"),
    }
}

/// The text of a malformed number comes from bincode on one side.
fn same_cause(general: &DecodeCause, fast: &DecodeCause) -> bool {
    match (general, fast) {
        (DecodeCause::Malformed(_), DecodeCause::Malformed(_)) => true,
        (general, fast) => general == fast,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_fast_path_writes_the_bytes_of_the_general_one(
        run in strategies::run_key(),
        columns in strategies::columns_id(),
        step in strategies::step(),
        values in proptest::collection::vec(strategies::float(), 0..300),
    ) {
        let mut fast = Vec::new();
        let stored_as = encode_metrics(run, columns, step, &values, &mut fast).unwrap();
        let mut general = Vec::new();
        let event = MetricsLogged { run, columns, step, values }.into();
        prop_assert_eq!(encode(&event, &mut general).unwrap(), stored_as);
        prop_assert_eq!(&fast, &general);
        agree(1, &fast);
    }

    #[test]
    fn the_fast_path_refuses_what_the_general_one_refuses(
        event in strategies::event(TypeId::METRICS_LOGGED),
        at in any::<prop::sample::Index>(),
        marker in prop_oneof![any::<u8>(), 240..=255u8],
        cut in any::<prop::sample::Index>(),
    ) {
        let mut payload = Vec::new();
        encode(&event, &mut payload).unwrap();
        // The two numbers, where most can go wrong, are twice as likely to be hit.
        let at = at.index(payload.len());
        let at = if at % 2 == 0 { at } else { 16 + at % (payload.len() - 16) };
        payload[at] = marker;
        agree(1, &payload);
        agree(1, &payload[..cut.index(payload.len())]);
        payload.push(marker);
        agree(1, &payload);
    }

    #[test]
    fn the_fast_path_agrees_on_any_bytes(
        payload in proptest::collection::vec(prop_oneof![any::<u8>(), 250..=255u8], 0..60),
    ) {
        agree(1, &payload);
    }
}

#[test]
fn the_fast_path_agrees_on_every_sample_and_on_version_0() {
    for sample in samples(TypeId::METRICS_LOGGED) {
        let mut payload = Vec::new();
        encode(&sample, &mut payload).unwrap();
        agree(1, &payload);
        agree(0, &payload);
    }
}

#[test]
fn a_buffer_with_room_is_not_moved_and_a_point_takes_26_bytes() {
    let mut out = Vec::with_capacity(64);
    let before = out.as_ptr();
    let (run, columns) = (RunKey::from_bytes([1; 8]), ColumnsId(2));
    for step in -125..125 {
        out.clear();
        encode_metrics(run, columns, step, &[0.5], &mut out).unwrap();
        assert_eq!(out.len(), 26);
    }
    assert_eq!((out.as_ptr(), out.capacity()), (before, 64));
}

#[test]
fn the_longest_step_is_accepted_and_one_value_more_is_refused() {
    let (run, columns) = (RunKey::from_bytes([1; 8]), ColumnsId(2));
    let mut values = vec![f64::NAN; (PAYLOAD_LEN_MAX - 16 - 1 - 5) / 8];
    let mut out = Vec::new();
    encode_metrics(run, columns, 0, &values, &mut out).unwrap();
    agree(1, &out);

    values.push(0.0);
    let error = encode_metrics(run, columns, 0, &values, &mut out).unwrap_err();
    let event = MetricsLogged {
        run,
        columns,
        step: 0,
        values,
    }
    .into();
    assert_eq!(encode(&event, &mut Vec::new()).unwrap_err(), error);
}
