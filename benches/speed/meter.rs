//! CPU time and memory as the kernel counts them.

use nix::sys::resource::{UsageWho, getrusage};
use std::time::Duration;

/// User and system time of this process or of its ended children.
pub(crate) fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("the kernel counts");
    [usage.user_time(), usage.system_time()]
        .into_iter()
        .map(|t| {
            Duration::new(t.tv_sec().try_into().unwrap_or(0), t.tv_usec().try_into().unwrap_or(0) * 1000)
        })
        .sum()
}

/// The largest amount of memory that an ended child had at once, in bytes.
pub(crate) fn peak_of_children() -> u64 {
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts").max_rss();
    // macOS counts bytes.
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    u64::try_from(kibibytes).unwrap_or(0) * unit
}

/// The least CPU time of several runs of the same work.
pub(crate) fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    (0..runs)
        .map(|_| {
            let before = cpu(UsageWho::RUSAGE_SELF);
            work();
            cpu(UsageWho::RUSAGE_SELF).saturating_sub(before)
        })
        .min()
        .unwrap_or_default()
}

/// Milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
