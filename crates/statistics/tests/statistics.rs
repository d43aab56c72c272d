//! The statistics against values of others, against their own laws, and against input that has no answer.

#[path = "statistics/laws.rs"]
mod laws;
#[path = "statistics/reference.rs"]
mod reference;
#[path = "statistics/refusals.rs"]
mod refusals;
