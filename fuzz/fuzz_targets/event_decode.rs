//! Arbitrary payloads of arbitrary types and versions: never a panic, and what decodes encodes to what decodes again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mltrack_event::{decode, decode_metrics, encode, payload_json};

fuzz_target!(|bytes: &[u8]| {
    let [low, high, version, payload @ ..] = bytes else {
        return;
    };
    let type_id = u16::from_le_bytes([*low, *high]);
    drop(decode_metrics(u16::from(*version), payload));
    let Ok(event) = decode(type_id, u16::from(*version), payload) else {
        return;
    };
    drop(payload_json(&event));
    let mut encoded = Vec::new();
    let Ok((type_id, version)) = encode(&event, &mut encoded) else {
        return;
    };
    let again = decode(type_id.0, version.0, &encoded).expect("what was encoded decodes");
    // By bytes and not by value, because a value may be a NaN.
    let mut twice = Vec::new();
    encode(&again, &mut twice).expect("it was encoded before");
    assert_eq!(encoded, twice);
});
