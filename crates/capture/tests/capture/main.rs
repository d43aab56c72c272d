//! The crate as its callers see it: captures of repositories made for each test, what is kept out of them, and code put
//! back from them.

mod documented;
mod faults;
mod nvml;
mod packages;
mod planted;
mod refused;
mod restored;
mod secrets;
mod support;
