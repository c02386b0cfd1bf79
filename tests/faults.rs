//! Every call to GitHub with every fault, against the stand-in: what becomes of the run, and of the findings.
//!
//! The expected outcome of each combination stands in `faults/table.rs`. Beyond it some things hold for all:
//! no finding is lost or said twice, no review stays pending, waiting is bounded, a message names cause and
//! remedy, and the next run on a healthy GitHub completes what was begun.
//!
//! `TIDEWAITER_FAULT_TABLE=1` prints what happened as a Markdown table.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::similar_names,
    reason = "this is a test"
)]

#[path = "standin/lab.rs"]
#[allow(dead_code, reason = "shared with the stand-in suite")]
mod lab;
#[path = "faults/scene.rs"]
mod scene;
#[path = "faults/table.rs"]
mod table;

use libtest_mimic::{Arguments, Failed, Trial};
use scene::{Outcome, Scene};
use std::sync::{Mutex, PoisonError};
use table::{Call, Fault};

/// What a combination gave, for the table.
struct Row {
    place: (usize, usize),
    cells: [String; 6],
}

static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());
/// Stand-ins that are not in use: starting one takes longer than a run.
static IDLE: Mutex<Vec<Scene>> = Mutex::new(Vec::new());

fn main() {
    let mut arguments = Arguments::from_args();
    // Most of the time is waiting.
    arguments.test_threads = arguments.test_threads.or(Some(6));
    let mut trials = Vec::new();
    if lab::standin().is_some() {
        for cell in table::cells() {
            let name = format!("{}::{}", cell.call.name, cell.fault.name);
            trials.push(Trial::test(name, move || combination(&cell)));
        }
    }
    if lab::standin().is_some() {
        for (place, fault) in table::of_edits() {
            let name = format!("edit::{}", fault.name);
            trials.push(Trial::test(name, move || in_scene(|scene| edit(scene, place, fault))));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The stand-ins end with their scenes.
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).clear();
    if std::env::var_os("TIDEWAITER_FAULT_TABLE").is_some() {
        print_table();
    }
    conclusion.exit();
}

fn print_table() {
    let mut rows = ROWS.lock().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|row| row.place);
    println!("| call | fault | outcome | exit code | requests | seconds waited |\n|---|---|---|---|---|---|");
    for row in rows.iter() {
        println!("| {} |", row.cells.join(" | "));
    }
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}

fn combination(cell: &table::Cell) -> Result<(), Failed> {
    in_scene(|scene| check(scene, cell))
}

fn in_scene(run: impl FnOnce(&mut Scene) -> Result<(), Failed>) -> Result<(), Failed> {
    let idle = IDLE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let mut scene = idle.unwrap_or_else(Scene::new);
    let result = run(&mut scene);
    scene.clear();
    IDLE.lock().unwrap_or_else(PoisonError::into_inner).push(scene);
    result
}

/// A push mends a finding, and the request that says so fails.
fn edit(scene: &mut Scene, place: usize, fault: &'static Fault) -> Result<(), Failed> {
    let mut pull = scene.pull();
    let first = scene.run(&pull);
    ensure(first.outcome() == Some(Outcome::Reviewed), || first.run.all())?;
    scene.mend(&mut pull);
    let run = scene.run_with_fault(&mut pull, &table::EDIT, fault);
    let mended = run.mended(&pull);
    let outcome = match (run.run.code, mended.0) {
        (1, 1) => "edited",
        (1, 0) => "no permission: annotations and summary",
        (3, 0) => "not edited: annotations and summary",
        (3, 1) => "edited, not confirmed: annotations and summary too",
        _ => "?",
    };
    ROWS.lock().unwrap_or_else(PoisonError::into_inner).push(Row {
        place: (place, usize::MAX),
        cells: [
            table::EDIT.name.to_owned(),
            fault.name.to_owned(),
            outcome.to_owned(),
            run.run.code.to_string(),
            run.requests.to_string(),
            run.waited.to_string(),
        ],
    });
    let all =
        || format!("{outcome}: {mended:?}\n{}\n{} requests in {:?}", run.run.all(), run.requests, run.took);
    ensure(run.hits > 0 && outcome != "?", all)?;
    ensure(run.waited <= 135 && run.took.as_secs() < 30, all)?;
    // What passes is waited for; what lasts is told, and the findings are elsewhere.
    let passes = fault.cause.is_empty() || fault.name == "too-slow-once";
    ensure((outcome == "edited") == passes, all)?;
    if outcome != "edited" {
        for words in [fault.cause, fault.remedy] {
            ensure(run.run.stderr.contains(words), || format!("no {words:?} in:\n{}", all()))?;
        }
        ensure(run.run.stdout.contains("::error file=app/Dockerfile"), all)?;
    }
    ensure(mended.1 == scene::FINDINGS && run.reviews() == 1 && run.violations.is_empty(), all)?;
    if fault.name.starts_with("too-slow") {
        std::thread::sleep(std::time::Duration::from_secs(20));
    }
    scene.heal();
    let next = scene.run(&pull);
    ensure(next.run.code == 1 && next.mended(&pull) == (1, scene::FINDINGS) && next.reviews() == 1, || {
        format!("{}\nthen {}", all(), next.run.all())
    })?;
    // What was edited is not edited again.
    ensure(outcome != "edited" || next.writes == 0, || format!("{}\nthen {}", all(), next.run.all()))
}

fn check(scene: &mut Scene, cell: &table::Cell) -> Result<(), Failed> {
    let (call, fault): (&Call, &Fault) = (cell.call, cell.fault);
    let mut pull = scene.pull();
    let run = scene.run_with_fault(&mut pull, call, fault);
    let outcome = run.outcome();
    let said = run.said(&pull);
    ROWS.lock().unwrap_or_else(PoisonError::into_inner).push(Row {
        place: cell.place,
        cells: [
            call.name.to_owned(),
            fault.name.to_owned(),
            outcome.map_or("?", Outcome::words).to_owned(),
            run.run.code.to_string(),
            run.requests.to_string(),
            run.waited.to_string(),
        ],
    });
    let all = || format!("{}\n{said:#?}\n{} requests in {:?}", run.run.all(), run.requests, run.took);
    ensure(outcome == Some(cell.expected), || {
        format!("{outcome:?}, expected {:?}:\n{}", cell.expected, all())
    })?;
    ensure(run.hits > 0, || format!("the fault was not met:\n{}", all()))?;
    // Bounded: the budget, and the last answer that may be slow.
    ensure(run.waited <= 135 && run.took.as_secs() < 30, || format!("too long:\n{}", all()))?;
    if cell.expected.is_told() {
        let (cause, remedy) = cell.words();
        for words in [cause, remedy] {
            ensure(run.run.stderr.contains(words), || format!("no {words:?} in:\n{}", all()))?;
        }
    }
    ensure(said.most_inline <= 1, || format!("a finding is there twice:\n{}", all()))?;
    ensure(said.reviews_of_head <= 1, || format!("two reviews:\n{}", all()))?;
    ensure(said.pending == 0 || !cell.expected.is_clean(), || format!("a pending review:\n{}", all()))?;
    if cell.expected.has_plan() {
        ensure(said.lost.is_empty(), || format!("lost: {:?}\n{}", said.lost, all()))?;
        ensure(run.run.output("findings") == "32", || run.run.outputs.clone())?;
        ensure(run.run.output("comments-posted") == said.inline.to_string(), || {
            format!("{}\n{}", run.run.outputs, all())
        })?;
    }
    match cell.expected {
        Outcome::Reviewed => ensure(said.inline == scene::FINDINGS, all)?,
        Outcome::Folded => ensure(said.inline < scene::FINDINGS, all)?,
        Outcome::Stopped | Outcome::Annotated | Outcome::NotPermitted => ensure(said.inline == 0, all)?,
        Outcome::Moved | Outcome::Unsure => {}
    }
    if cell.expected == Outcome::Stopped {
        // Nothing was begun that a next run would have to complete.
        return ensure(run.writes == 0 && run.violations.is_empty(), all);
    }
    if cell.expected == Outcome::Reviewed && !call.writes {
        // What was written is what a healthy run writes, and the stand-in suite says what follows that.
        return ensure(run.writes == 1 && run.violations.is_empty(), all);
    }
    if cell.is_late() {
        // What the run has given up is still carried out.
        std::thread::sleep(std::time::Duration::from_secs(20));
    }
    // GitHub is well again.
    scene.heal();
    let next = scene.run(&pull);
    let said = next.said(&pull);
    let all = || format!("{}\nthen {}\n{said:#?}", run.run.all(), next.run.all());
    ensure(next.run.code == 1, || format!("the next run fails:\n{}", all()))?;
    // One that came late is seen by nobody, and deleted when it is in the way.
    ensure(said.pending == 0 || cell.is_late(), || format!("a pending review stays:\n{}", all()))?;
    ensure(said.repeated.is_empty(), || format!("said twice: {:?}\n{}", said.repeated, all()))?;
    ensure(said.unsaid.is_empty(), || format!("never said: {:?}\n{}", said.unsaid, all()))?;
    if matches!(cell.expected, Outcome::Reviewed | Outcome::Folded) && !fault.pushes {
        // The text of a review with folded comments is put in order once.
        let most = usize::from(cell.expected == Outcome::Folded);
        ensure(next.writes <= most, || format!("written again:\n{}", all()))?;
    }
    let violations = [run.violations.as_slice(), &next.violations].concat();
    ensure(violations.is_empty(), || format!("{}\n{}", violations.join("\n"), all()))
}
