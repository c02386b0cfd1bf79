//! Time, behind a trait so that tests of waiting do not wait.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

/// What tells the time and waits.
pub trait Clock {
    /// The time of day: GitHub names the end of a rate limit as a Unix time.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}

/// The system's clock and tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
}
