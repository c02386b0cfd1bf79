//! The calls, the faults, and what is expected of each combination.

use super::scene::Outcome;

/// A call that a run makes.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    /// Where a fault must hit to meet it; `{n}` stands for the pull request's number.
    pub(crate) place: &'static str,
    /// Faults that bring a run to this call.
    pub(crate) setup: &'static [&'static str],
    /// Cause and remedy in the message, where it is about the call before.
    pub(crate) told: Option<(&'static str, &'static str)>,
    graphql: bool,
}

/// Something that goes wrong.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// As the stand-in takes it; `{date}` stands for a date five minutes ahead.
    pub(crate) spec: &'static str,
    /// What a message about it must say of the cause.
    pub(crate) cause: &'static str,
    /// And of what to do.
    pub(crate) remedy: &'static str,
    /// Whether the head moves meanwhile.
    pub(crate) pushes: bool,
    graphql: bool,
}

/// A combination.
pub(crate) struct Cell {
    pub(crate) call: &'static Call,
    pub(crate) fault: &'static Fault,
    pub(crate) expected: Outcome,
    /// For sorting.
    pub(crate) place: (usize, usize),
}

/// One comment of thirty is refused, each time it is sent.
const BAD: &[&str] = &[
    r#"{"method": "POST", "path": "/pulls/{n}/reviews$", "operation": "\"line\":19,", "times": -1, "status": 422,
        "body": {"message": "Unprocessable Entity", "errors": ["Pull request review thread line must be part of the diff"]}}"#,
];
/// The review is made, and the answer lost.
const LOST: &[&str] =
    &[r#"{"method": "POST", "path": "/pulls/{n}/reviews$", "preset": "bad-gateway", "apply": true}"#];

const CALLS: &[Call] = &[
    rest("files-1", r#"{"method": "GET", "path": "/pulls/{n}/files.*[?&]page=1$"}"#, &[]),
    rest("files-2", r#"{"method": "GET", "path": "/pulls/{n}/files.*[?&]page=2$"}"#, &[]),
    graphql("snapshot", r#"{"path": "/graphql", "operation": "baseRefOid"}"#, &[]),
    rest("compare", r#"{"method": "GET", "path": "/compare/"}"#, &[]),
    rest("blob", r#"{"method": "GET", "path": "/git/blobs/"}"#, &[]),
    graphql("base", r#"{"path": "/graphql", "operation": "fragment Content", "after": 1}"#, &[]),
    graphql("fetch", r#"{"path": "/graphql", "operation": "fragment Content", "after": 2}"#, &[]),
    rest("post", r#"{"method": "POST", "path": "/pulls/{n}/reviews$"}"#, &[]),
    rest("head", r#"{"method": "GET", "path": "/pulls/{n}$"}"#, BAD),
    rest("trial", r#"{"method": "POST", "path": "/pulls/{n}/reviews$", "after": 1}"#, BAD),
    rest("delete", r#"{"method": "DELETE", "path": "/pulls/{n}/reviews/"}"#, BAD),
    rest(
        "post-again",
        r#"{"method": "POST", "path": "/pulls/{n}/reviews$", "operation": "\"event\":\"COMMENT\"", "after": 1}"#,
        BAD,
    ),
    Call {
        told: Some(("answered 502", LATER)),
        ..graphql("look", r#"{"path": "/graphql", "operation": "baseRefOid", "after": 1}"#, LOST)
    },
];

const fn rest(name: &'static str, place: &'static str, setup: &'static [&'static str]) -> Call {
    Call { name, place, setup, told: None, graphql: false }
}

const fn graphql(name: &'static str, place: &'static str, setup: &'static [&'static str]) -> Call {
    Call { name, place, setup, told: None, graphql: true }
}

const LATER: &str = "run the job again later";

/// A fault that passes has no words: the run goes on.
const fn once(name: &'static str, spec: &'static str) -> Fault {
    Fault { name, spec, cause: "", remedy: "", pushes: false, graphql: false }
}

const fn lasting(name: &'static str, spec: &'static str, cause: &'static str, remedy: &'static str) -> Fault {
    Fault { name, spec, cause, remedy, pushes: false, graphql: false }
}

const FAULTS: &[Fault] = &[
    lasting("401", r#"{"preset": "bad-credentials", "times": -1}"#, "(401 Bad credentials)", "pass the job's own"),
    lasting(
        "403-permission",
        r#"{"preset": "forbidden", "times": -1, "headers": {"x-accepted-github-permissions": "pull_requests=write"}}"#,
        "Resource not accessible",
        "pull-requests: write",
    ),
    once("403-primary-short", r#"{"preset": "rate-limit", "seconds": 3}"#),
    lasting(
        "403-primary-hour",
        r#"{"preset": "rate-limit", "seconds": 3600, "times": -1}"#,
        "rate limit asks to wait 36",
        "again later",
    ),
    once("403-secondary-once", r#"{"preset": "secondary-limit", "retry_after": 30}"#),
    once("403-secondary-bare", r#"{"preset": "secondary-limit", "retry_after": null}"#),
    lasting(
        "403-secondary-lasting",
        r#"{"preset": "content-limit", "retry_after": 50, "times": -1}"#,
        "rate limit asks to wait 50 s more",
        "again later",
    ),
    once("429-once", r#"{"preset": "too-many-requests", "retry_after": 5}"#),
    lasting(
        "429-date",
        r#"{"preset": "too-many-requests", "times": -1, "status": 429, "headers": {"retry-after": "{date}"}}"#,
        "rate limit asks to wait 29",
        "again later",
    ),
    lasting(
        "404",
        r#"{"status": 404, "body": {"message": "Not Found"}, "times": -1}"#,
        "(404 Not Found)",
        "Check repository and number",
    ),
    once("409-once", r#"{"status": 409, "body": {"message": "Conflict"}}"#),
    lasting("409-lasting", r#"{"status": 409, "body": {"message": "Conflict"}, "times": -1}"#, "409 (Conflict)", LATER),
    lasting(
        "422-refused",
        r#"{"status": 422, "body": {"message": "Validation Failed", "errors": ["no good"]}, "times": -1}"#,
        "422 Validation Failed: no good",
        "report",
    ),
    once("422-too-quickly", r#"{"preset": "submitted-too-quickly"}"#),
    lasting(
        "422-abuse",
        r#"{"status": 422, "body": {"message": "Validation Failed", "errors": [{"resource": "Issue", "code": "abuse"}]}, "times": -1}"#,
        "rate limit asks to wait",
        "again later",
    ),
    once("500-once", r#"{"status": 500, "body": {"message": "Server Error"}}"#),
    lasting("500-lasting", r#"{"status": 500, "body": {"message": "Server Error"}, "times": -1}"#, "answered 500", LATER),
    once("502-page-once", r#"{"preset": "bad-gateway-html"}"#),
    lasting("502-page-lasting", r#"{"preset": "bad-gateway-html", "times": -1}"#, "answered 502 (a page: Unicorn", LATER),
    once("503-once", r#"{"preset": "unavailable"}"#),
    once("502-after-success-once", r#"{"preset": "bad-gateway", "apply": true}"#),
    lasting("502-after-success-lasting", r#"{"preset": "bad-gateway", "apply": true, "times": -1}"#, "answered 502", LATER),
    once("cut-before-once", r#"{"drop-connection": true}"#),
    lasting("cut-before-lasting", r#"{"drop-connection": true, "times": -1}"#, "no whole answer", "Check the network"),
    once("cut-after-success-once", r#"{"drop-connection": true, "apply": true}"#),
    lasting(
        "cut-after-success-lasting",
        r#"{"drop-connection": true, "apply": true, "times": -1}"#,
        "no whole answer",
        "Check the network",
    ),
    once("cut-in-body-once", r#"{"truncated-json": true, "apply": true}"#),
    lasting(
        "cut-in-body-lasting",
        r#"{"truncated-json": true, "apply": true, "times": -1}"#,
        "no whole answer",
        "Check the network",
    ),
    once("broken-json-once", r#"{"status": 200, "body": "{\"id\": 1, \"htm", "apply": true}"#),
    lasting(
        "broken-json-lasting",
        r#"{"status": 200, "body": "{\"id\": 1, \"htm", "apply": true, "times": -1}"#,
        "cannot be read",
        "Run the job again",
    ),
    once("slow", r#"{"delay-ms": 400}"#),
    once("too-slow-once", r#"{"delay-ms": 8000}"#),
    lasting("too-slow-lasting", r#"{"delay-ms": 8000, "times": -1}"#, "nothing within", "Check the network"),
    Fault { pushes: true, ..once("head-moves", r#"{"delay-ms": 500}"#) },
    Fault {
        graphql: true,
        ..once(
            "graphql-limit-once",
            r#"{"status": 200, "headers": {"retry-after": "7"}, "body": {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}}"#,
        )
    },
    Fault {
        graphql: true,
        ..lasting(
            "graphql-limit-lasting",
            r#"{"status": 200, "body": {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, "times": -1}"#,
            "rate limit asks to wait",
            "again later",
        )
    },
    Fault {
        graphql: true,
        ..once(
            "graphql-timeout-once",
            r#"{"status": 200, "body": {"data": null, "errors": [{"message": "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."}]}}"#,
        )
    },
    Fault {
        graphql: true,
        ..lasting(
            "graphql-timeout-lasting",
            r#"{"status": 200, "body": {"data": null, "errors": [{"message": "Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."}]}, "times": -1}"#,
            "Something went wrong",
            LATER,
        )
    },
    Fault {
        graphql: true,
        ..lasting(
            "graphql-forbidden",
            r#"{"status": 200, "body": {"data": {"repository": null}, "errors": [{"type": "FORBIDDEN", "path": ["repository"], "message": "Resource not accessible by integration"}]}, "times": -1}"#,
            "Resource not accessible",
            "pull-requests: write",
        )
    },
    Fault {
        graphql: true,
        ..once(
            "graphql-part-once",
            r#"{"status": 200, "body": {"data": {"repository": {"pullRequest": {"headRefOid": null}}}, "errors": [{"path": ["repository", "pullRequest", "headRefOid"], "message": "Internal"}]}}"#,
        )
    },
    Fault {
        graphql: true,
        ..lasting(
            "graphql-part-lasting",
            r#"{"status": 200, "body": {"data": {"repository": {"pullRequest": {"headRefOid": null}}}, "errors": [{"path": ["repository", "pullRequest", "headRefOid"], "message": "Internal"}]}, "times": -1}"#,
            "Internal",
            LATER,
        )
    },
];

/// A row for every fault, a column for every call.
///
/// R: reviewed, F: reviewed with comments folded into the body, S: stopped before anything is known,
/// A: annotations and summary, P: the same for want of a permission, M: left to the run for the newer commit,
/// U: written, but not confirmed, ·: there is no such thing.
const EXPECTED: &str = "
TODO
";

/// All combinations.
pub(crate) fn cells() -> Vec<Cell> {
    let mut lines = EXPECTED.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().expect("a heading").split_whitespace().collect();
    let names: Vec<&str> = CALLS.iter().map(|call| call.name).collect();
    let _ = (head, names);
    let mut out = Vec::new();
    for (row, fault) in FAULTS.iter().enumerate() {
        for (column, call) in CALLS.iter().enumerate() {
            if fault.graphql && !call.graphql {
                continue;
            }
            out.push(Cell { call, fault, expected: Outcome::Reviewed, place: (column, row) });
        }
    }
    out
}
