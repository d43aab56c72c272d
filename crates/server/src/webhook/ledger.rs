//! Which records have been told, and what a delivery of one looks like.
//!
//! Invariants: the place to keep is never behind a record whose deliveries have not ended; the same delivery made again
//! has the id it had.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat};
use mltrack::Lsn;
use serde_json::json;
use uuid::Builder;

use super::occurrence::Occurrence;

/// What a webhook is sent about something that happened at this time.
pub fn body(occurrence: &Occurrence, time_ns: i64) -> String {
    let time = DateTime::from_timestamp_nanos(time_ns);
    let body = json!({
        "entity": occurrence.kind.entity,
        "action": occurrence.kind.action,
        "timestamp": time.to_rfc3339_opts(SecondsFormat::Micros, false),
        "data": occurrence.data,
    });
    body.to_string()
}

/// The id of a delivery: the same whenever the same is delivered again, so that a receiver can tell.
pub fn delivery_id(webhook: &str, lsn: Lsn, place: usize) -> String {
    let hash = blake3::hash(format!("{webhook} {lsn} {place}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Which records have been told.
#[derive(Debug)]
pub struct Ledger {
    /// Behind the last record that was looked at.
    next: Lsn,
    /// Records with deliveries that have not ended, and how many.
    under_way: BTreeMap<Lsn, usize>,
    kept: Lsn,
}

impl Ledger {
    /// One that begins at this record.
    pub fn new(first: Lsn) -> Ledger {
        Ledger {
            next: first,
            under_way: BTreeMap::new(),
            kept: first,
        }
    }

    /// A delivery of this record begins.
    pub fn begun(&mut self, lsn: Lsn) {
        *self.under_way.entry(lsn).or_default() += 1;
    }

    /// A delivery of this record has ended, well or not.
    pub fn ended(&mut self, lsn: Lsn) {
        if let Some(count) = self.under_way.get_mut(&lsn) {
            *count -= 1;
            if *count == 0 {
                self.under_way.remove(&lsn);
            }
        }
    }

    /// This record was looked at.
    pub fn seen(&mut self, lsn: Lsn) {
        self.next = lsn.plus(1);
    }

    /// The place to keep, if it is another than the one that is kept.
    pub fn place_to_keep(&mut self) -> Option<Lsn> {
        let first = self.under_way.first_key_value();
        let place = first.map_or(self.next, |(lsn, _)| *lsn);
        if place == self.kept {
            return None;
        }
        self.kept = place;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lsn(number: u64) -> Lsn {
        Lsn::new(number).unwrap()
    }

    #[test]
    fn the_place_waits_for_the_oldest_delivery_that_has_not_ended() {
        let mut ledger = Ledger::new(lsn(5));
        assert_eq!(ledger.place_to_keep(), None);
        ledger.begun(lsn(6));
        ledger.begun(lsn(6));
        ledger.seen(lsn(6));
        ledger.begun(lsn(9));
        ledger.seen(lsn(9));
        ledger.ended(lsn(9));
        assert_eq!(ledger.place_to_keep(), Some(lsn(6)));
        ledger.ended(lsn(6));
        assert_eq!(ledger.place_to_keep(), None, "one of two has ended");
        ledger.ended(lsn(6));
        assert_eq!(ledger.place_to_keep(), Some(lsn(10)));
    }

    #[test]
    fn a_delivery_made_again_has_the_id_it_had() {
        let id = delivery_id("a", lsn(7), 0);
        assert_eq!(id, delivery_id("a", lsn(7), 0));
        assert_ne!(id, delivery_id("a", lsn(7), 1));
        assert_ne!(id, delivery_id("b", lsn(7), 0));
        assert_eq!(id.len(), 36);
    }
}
