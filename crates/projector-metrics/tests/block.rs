//! Blocks against the records they were made of: bit for bit, column for column, and with bytes that nobody wrote.

#[path = "block/columns.rs"]
mod columns;
#[path = "block/damage.rs"]
mod damage;
#[path = "block/golden.rs"]
mod golden;
#[path = "block/packed_log.rs"]
mod packed_log;
#[path = "block/records.rs"]
mod records;
#[path = "block/round_trip.rs"]
mod round_trip;
