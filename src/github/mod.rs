//! Speaks to GitHub: events, reading a snapshot, publishing a plan.
