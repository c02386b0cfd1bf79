//! Time, behind a trait so that tests of waiting do not wait.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// What tells the time and waits.
pub trait Clock {
    /// The time of day: GitHub names the end of a rate limit as a Unix time.
    fn now(&self) -> SystemTime;

    /// Waits.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>>;

    /// Ends when a request that takes as long as this is given up.
    fn deadline(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(tokio::time::sleep(time))
    }
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

/// A clock that jumps: pauses pass so many times as fast, and where asked so do deadlines; everything else keeps
/// its own pace.
///
/// For tests of the whole program. Only a build with debug assertions can be told to use it (see
/// [`super::Environment`]): nothing may talk a released binary out of the pauses that GitHub asks for.
#[derive(Debug, Clone)]
pub(super) struct FastClock {
    times: u32,
    deadlines: u32,
    /// How far this clock is ahead of the system's.
    ahead: Rc<Cell<Duration>>,
}

impl FastClock {
    pub(super) fn new((times, deadlines): (u32, u32)) -> Self {
        Self { times: times.max(1), deadlines: deadlines.max(1), ahead: Rc::default() }
    }

    fn pass(&self, time: Duration, times: u32) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            let really = time / times;
            tokio::time::sleep(really).await;
            self.ahead.set(self.ahead.get() + time.saturating_sub(really));
        })
    }
}

impl Clock for FastClock {
    fn now(&self) -> SystemTime {
        SystemTime::now() + self.ahead.get()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.pass(time, self.times)
    }

    fn deadline(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        self.pass(time, self.deadlines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_fast_clock_shows_what_was_waited_for() {
        let clock = FastClock::new((1_000, 1));
        let begun = clock.now();
        clock.sleep(Duration::from_secs(20)).await;
        let passed = clock.now().duration_since(begun).unwrap();
        assert!(passed >= Duration::from_secs(20) && passed < Duration::from_secs(25), "{passed:?}");
    }
}
