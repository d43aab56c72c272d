//! Payloads as people and scripts see them.

use mltrack_event::*;
use serde_json::json;

use crate::samples::samples;

#[test]
fn what_json_has_no_number_for_is_a_string() {
    let event = MetricsLogged {
        run: RunKey::from_bytes([1; 8]),
        columns: ColumnsId(1),
        step: -3,
        values: vec![
            0.5,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.0,
        ],
    };
    let expected = json!({
        "run": "0101010101010101",
        "columns": "columns-0100000000000000",
        "step": -3,
        "values": [0.5, "NaN", "NaN", "Infinity", "-Infinity", -0.0],
    });
    assert_eq!(payload_json(&event.into()), expected);
}

#[test]
fn params_are_an_object_that_keeps_their_types_and_nests_lists() {
    let [_, full] = &samples(TypeId::RUN_CREATED)[..] else {
        panic!("there are two")
    };
    let json = payload_json(full);
    let expected = json!({
        "amp": true, "layers": -50, "optimizer.lr": 3e-4, "optimizer.name": "adam",
        "betas": [0.9, 0.999], "limit": "NaN",
    });
    assert_eq!(json["params"], expected);
    assert_eq!(json["tags"], json!({ "paper": "v2" }));
    assert_eq!(json["parent"], json!("0102030405060708"));
    assert_eq!(json["experiment"], json!(1));
}

#[test]
fn logged_json_is_nested_and_what_is_no_json_is_text() {
    let run = RunKey::from_bytes([1; 8]);
    let logged = |json: &str| {
        let event = JsonLogged {
            run,
            name: "t".into(),
            step: 0,
            json: json.into(),
        };
        payload_json(&event.into())["json"].clone()
    };
    assert_eq!(logged(r#"{"a":[1,null]}"#), json!({ "a": [1, null] }));
    assert_eq!(logged("{broken"), json!("{broken"));
    assert_eq!(
        logged(&"[".repeat(1000)),
        json!("[".repeat(1000)),
        "nesting is bounded"
    );
}

#[test]
fn times_states_and_levels_are_words() {
    let [sample] = &samples(TypeId::LOG_LINE)[..] else {
        panic!("there is one")
    };
    let json = payload_json(sample);
    assert_eq!(json["lines"][3]["level"], json!("warn"));
    assert_eq!(
        json["lines"][3]["time"],
        json!("2026-11-21T03:42:20.500000001Z")
    );
    assert_eq!(json["lines"][0]["time"], json!(null));
    let [.., timed_out] = &samples(TypeId::RUN_ENDED)[..] else {
        panic!("there are four")
    };
    assert_eq!(payload_json(timed_out)["state"], json!("timed_out"));
}

#[test]
fn an_unknown_payload_is_shown_in_hex() {
    let event = decode(0x1234, 3, &[0, 255]).unwrap();
    let expected = json!({ "type_id": 0x1234, "version": 3, "payload_hex": "00ff" });
    assert_eq!(payload_json(&event), expected);
}

#[test]
fn every_type_has_a_name_of_its_own_that_leads_back_to_it() {
    for type_id in TypeId::ALL {
        let name = type_id.name().unwrap();
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{name}"
        );
        assert_eq!(type_from_name(name), Some(*type_id));
    }
    assert_eq!(type_from_name("unknown"), None);
    assert_eq!(TypeId(0x1234).name(), None);
}
