//! What was measured, as a Markdown table.

use crate::measure::Measured;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

/// One application.
pub(crate) struct Row {
    pub(crate) app: &'static str,
    pub(crate) before: Measured,
    pub(crate) after: Measured,
    pub(crate) applied: BTreeSet<String>,
}

/// The table; each cell says before and after.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut out = String::from(
        "| app | size MB | rebuild s | layers reused | uid | stop s | suggestions applied |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let rules: Vec<&str> = row.applied.iter().map(String::as_str).collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} |",
            row.app,
            both(row, |m| format!("{:.1}", megabytes(m.size))),
            both(row, |m| seconds(m.rebuild)),
            both(row, |m| {
                let (reused, all) = m.reused();
                format!("{reused} of {all}")
            }),
            both(row, |m| m.user.clone()),
            both(row, stop),
            rules.join(", "),
        );
    }
    out
}

fn both(row: &Row, show: impl Fn(&Measured) -> String) -> String {
    format!("{} → {}", show(&row.before), show(&row.after))
}

fn seconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64())
}

fn stop(measured: &Measured) -> String {
    match (&measured.answer, measured.stop) {
        (Err(_), _) => "no answer".to_owned(),
        (Ok(_), None) => "ends".to_owned(),
        (Ok(_), Some((took, true))) => format!("{} (killed)", seconds(took)),
        (Ok(_), Some((took, false))) => seconds(took),
    }
}

#[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
