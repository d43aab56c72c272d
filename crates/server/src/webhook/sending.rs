//! A delivery until it has arrived, or is given up: attempts with longer and longer pauses between.
//!
//! Invariants: every attempt of a delivery is the same request but for its time; a receiver that failed to the end is
//! tried once for each further delivery until it answers again, so that it holds up nobody else.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mltrack::door;
use tokio::sync::Semaphore;

use super::address::Refused;
use super::client::{Attempt, Sender, Signed};

/// How often a delivery is tried.
const ATTEMPTS_MAX: u32 = 6;
/// The pause before the second attempt; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// How many requests are under way at once.
const REQUESTS_MAX: usize = 10;

/// What all deliveries share.
#[derive(Clone)]
pub struct Courier {
    sender: Sender,
    requests: Arc<Semaphore>,
    /// Webhooks whose last delivery was given up.
    failing: Arc<Mutex<HashSet<Arc<str>>>>,
}

/// What is to be delivered.
#[derive(Debug)]
pub struct Delivery {
    /// To which webhook.
    pub webhook: Arc<str>,
    /// Where.
    pub url: String,
    /// What.
    pub signed: Signed,
}

impl Courier {
    /// One that sends by this.
    pub fn new(sender: Sender) -> Courier {
        Courier {
            sender,
            requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
            failing: Arc::default(),
        }
    }

    /// Delivers, or gives up.
    pub async fn deliver(&self, delivery: Delivery) {
        let is_failing = self.failing().contains(&delivery.webhook);
        let attempts_max = if is_failing { 1 } else { ATTEMPTS_MAX };
        for number in 1..=attempts_max {
            let attempt = self.attempt(&delivery).await;
            let pause = match after(&attempt) {
                After::Done => {
                    self.failing().remove(&delivery.webhook);
                    return;
                }
                After::GiveUp => break,
                After::Again(at_least) => pause(number).max(at_least).min(PAUSE_MAX),
            };
            tracing::debug!(webhook = %delivery.webhook, number, ?attempt, "not delivered yet");
            if number < attempts_max {
                tokio::time::sleep(pause).await;
            }
        }
        tracing::warn!(
            webhook = %delivery.webhook,
            delivery = %delivery.signed.delivery_id,
            "given up a delivery; `webhooks/{{id}}/test` tells what its receiver answers"
        );
        self.failing().insert(Arc::clone(&delivery.webhook));
    }

    async fn attempt(&self, delivery: &Delivery) -> Attempt {
        let permit = self.requests.acquire().await;
        let attempt = self.sender.send(&delivery.url, &delivery.signed).await;
        drop(permit);
        attempt
    }

    fn failing(&self) -> std::sync::MutexGuard<'_, HashSet<Arc<str>>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows an attempt.
#[derive(Debug, PartialEq, Eq)]
enum After {
    Done,
    /// Another one would end the same way.
    GiveUp,
    /// Another one, after this time at least.
    Again(Duration),
}

fn after(attempt: &Attempt) -> After {
    match attempt {
        Attempt::Answered {
            status,
            retry_after,
            ..
        } => match status {
            200..=299 => After::Done,
            429 | 500 | 502..=504 => After::Again(retry_after.unwrap_or_default()),
            _ => After::GiveUp,
        },
        // A name that is not found now may be later; an address that is not public is never tried again.
        Attempt::Failed(_) | Attempt::Refused(Refused::Unresolved { .. }) => {
            After::Again(Duration::ZERO)
        }
        Attempt::Refused(_) => After::GiveUp,
    }
}

/// The pause behind an attempt: twice that of the one before, give or take a half, so that many do not come at once.
fn pause(number: u32) -> Duration {
    let whole = PAUSE_FIRST.saturating_mul(1 << (number - 1).min(16));
    let share = f64::from(u32::from_ne_bytes(door::random_bytes())) / f64::from(u32::MAX);
    whole.mul_f64(0.5 + share).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_tried_again_and_what_will_not_is_given_up() {
        let answered = |status, seconds: Option<u64>| {
            after(&Attempt::Answered {
                status,
                body: String::new(),
                retry_after: seconds.map(Duration::from_secs),
            })
        };
        assert_eq!(answered(204, None), After::Done);
        assert_eq!(
            answered(301, None),
            After::GiveUp,
            "nobody is followed elsewhere"
        );
        assert_eq!(answered(404, None), After::GiveUp);
        assert_eq!(answered(429, Some(7)), After::Again(Duration::from_secs(7)));
        assert_eq!(answered(503, None), After::Again(Duration::ZERO));
        let failed = Attempt::Failed("connection refused".into());
        assert_eq!(after(&failed), After::Again(Duration::ZERO));
        let refused = Refused::Private {
            host: "x".into(),
            address: [127, 0, 0, 1].into(),
        };
        assert_eq!(after(&Attempt::Refused(refused)), After::GiveUp);
    }

    #[test]
    fn pauses_grow_and_have_an_end() {
        for number in 1..20 {
            let whole = PAUSE_FIRST.saturating_mul(1 << (number - 1));
            let pause = pause(number);
            assert!(pause >= whole.mul_f64(0.5).min(PAUSE_MAX) && pause <= PAUSE_MAX);
        }
    }
}
