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

/// The largest amount of memory that an ended child had at once, in MiB.
pub(crate) fn peak_of_children() -> f64 {
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel counts").max_rss();
    // macOS counts bytes.
    let unit = if cfg!(target_os = "macos") { 1 << 20 } else { 1 << 10 };
    i32::try_from(kibibytes).map_or(f64::NAN, f64::from) / f64::from(unit)
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
