//! Histories as a program asks for them, each against a plain fold over everything that was logged.

mod answer;
mod history;
mod model;
mod series;
mod stats;
mod world;
