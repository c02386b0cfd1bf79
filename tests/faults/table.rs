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
    /// Whether it stands among the writing calls: what follows depends on what was written.
    pub(crate) writes: bool,
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
    read("files-1", r#"{"method": "GET", "path": "/pulls/{n}/files.*[?&]page=1$"}"#, &[]),
    read("files-2", r#"{"method": "GET", "path": "/pulls/{n}/files.*[?&]page=2$"}"#, &[]),
    graphql("snapshot", r#"{"path": "/graphql", "operation": "baseRefOid"}"#, &[]),
    read("compare", r#"{"method": "GET", "path": "/compare/"}"#, &[]),
    read("blob", r#"{"method": "GET", "path": "/git/blobs/"}"#, &[]),
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
        writes: true,
        ..graphql("look", r#"{"path": "/graphql", "operation": "baseRefOid", "after": 1}"#, LOST)
    },
];

const fn rest(name: &'static str, place: &'static str, setup: &'static [&'static str]) -> Call {
    Call { name, place, setup, told: None, writes: true, graphql: false }
}

const fn read(name: &'static str, place: &'static str, setup: &'static [&'static str]) -> Call {
    Call { writes: false, ..rest(name, place, setup) }
}

const fn graphql(name: &'static str, place: &'static str, setup: &'static [&'static str]) -> Call {
    Call { name, place, setup, told: None, writes: false, graphql: true }
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
    lasting(
        "401",
        r#"{"preset": "bad-credentials", "times": -1}"#,
        "(401 Bad credentials)",
        "pass the job's own",
    ),
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
        "rate limit asks to wait",
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
        "rate limit asks to wait",
        "again later",
    ),
    lasting(
        "404",
        r#"{"status": 404, "body": {"message": "Not Found"}, "times": -1}"#,
        "(404 Not Found)",
        "Check repository and number",
    ),
    once("409-once", r#"{"status": 409, "body": {"message": "Conflict"}}"#),
    lasting(
        "409-lasting",
        r#"{"status": 409, "body": {"message": "Conflict"}, "times": -1}"#,
        "409 (Conflict)",
        LATER,
    ),
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
    lasting(
        "500-lasting",
        r#"{"status": 500, "body": {"message": "Server Error"}, "times": -1}"#,
        "answered 500",
        LATER,
    ),
    once("502-page-once", r#"{"preset": "bad-gateway-html"}"#),
    lasting(
        "502-page-lasting",
        r#"{"preset": "bad-gateway-html", "times": -1}"#,
        "answered 502 (a page: Unicorn",
        LATER,
    ),
    once("503-once", r#"{"preset": "unavailable"}"#),
    once("502-after-success-once", r#"{"preset": "bad-gateway", "apply": true}"#),
    lasting(
        "502-after-success-lasting",
        r#"{"preset": "bad-gateway", "apply": true, "times": -1}"#,
        "answered 502",
        LATER,
    ),
    once("cut-before-once", r#"{"drop-connection": true}"#),
    lasting(
        "cut-before-lasting",
        r#"{"drop-connection": true, "times": -1}"#,
        "no whole answer",
        "Check the network",
    ),
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
    // On the post it is not known what will become of it: it is not posted again.
    Fault {
        cause: "no answer from GitHub within",
        remedy: "again later",
        ..once("too-slow-once", r#"{"delay-ms": 20000}"#)
    },
    lasting(
        "too-slow-lasting",
        r#"{"delay-ms": 20000, "times": -1}"#,
        "no answer from GitHub within",
        "again later",
    ),
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

/// The request that edits, folds away and resolves what was said before. It has a flow of its own, see
/// `faults.rs`: a push mends a finding.
pub(crate) const EDIT: Call =
    graphql("edit", r#"{"path": "/graphql", "operation": "mutation Tidewaiter"}"#, &[]);

/// Faults of the editing request; those whose answers are about queries, and a push, are not its.
pub(crate) fn of_edits() -> impl Iterator<Item = (usize, &'static Fault)> {
    let foreign = ["graphql-forbidden", "graphql-part-once", "graphql-part-lasting", "head-moves"];
    FAULTS.iter().enumerate().filter(move |(_, fault)| !foreign.contains(&fault.name))
}

/// A row for every fault, a column for every call.
///
/// R: reviewed, F: reviewed with comments folded into the body, S: stopped before anything is known,
/// A: annotations and summary, P: the same for want of a permission, M: left to the run for the newer commit,
/// U: written, but not confirmed, ·: there is no such thing. A file's bytes are no JSON that could be broken.
const EXPECTED: &str = "
                           files-1  files-2  snapshot  compare  blob  base  fetch  post  head  trial  delete  post-again  look
401                        S        S        S         S        S     S     S      A     F     A      A       A           U
403-permission             S        S        S         S        R     S     S      P     F     P      P       P           U
403-primary-short          R        R        R         R        R     R     R      R     F     F      F       F           R
403-primary-hour           S        S        S         S        S     S     S      A     F     A      A       A           U
403-secondary-once         R        R        R         R        R     R     R      R     F     F      F       F           R
403-secondary-bare         R        R        R         R        R     R     R      R     F     F      F       F           R
403-secondary-lasting      S        S        S         S        S     S     S      A     F     A      A       A           U
429-once                   R        R        R         R        R     R     R      R     F     F      F       F           R
429-date                   S        S        S         S        S     S     S      A     F     A      A       A           U
404                        S        S        S         R        R     S     S      A     F     A      A       A           U
409-once                   R        R        R         R        R     R     R      R     F     F      F       F           R
409-lasting                S        S        S         S        S     S     S      A     F     A      A       A           U
422-refused                S        S        S         S        S     S     S      A     F     A      A       A           U
422-too-quickly            R        R        R         R        R     R     R      R     F     F      F       F           R
422-abuse                  S        S        S         S        S     S     S      A     F     A      A       A           U
500-once                   R        R        R         R        R     R     R      R     F     F      F       F           R
500-lasting                S        S        S         S        S     S     S      A     F     A      A       A           U
502-page-once              R        R        R         R        R     R     R      R     F     F      F       F           R
502-page-lasting           S        S        S         S        S     S     S      A     F     A      A       A           U
503-once                   R        R        R         R        R     R     R      R     F     F      F       F           R
502-after-success-once     R        R        R         R        R     R     R      R     F     F      F       F           R
502-after-success-lasting  S        S        S         S        S     S     S      R     F     F      F       F           U
cut-before-once            R        R        R         R        R     R     R      R     F     F      F       F           R
cut-before-lasting         S        S        S         S        S     S     S      A     F     A      A       A           U
cut-after-success-once     R        R        R         R        R     R     R      R     F     F      F       F           R
cut-after-success-lasting  S        S        S         S        S     S     S      R     F     F      F       F           U
cut-in-body-once           R        R        R         R        R     R     R      R     F     F      F       F           R
cut-in-body-lasting        S        S        S         S        S     S     S      R     F     F      F       F           U
broken-json-once           R        R        R         R        R     R     R      R     F     F      F       F           R
broken-json-lasting        S        S        S         S        R     S     S      R     F     F      F       F           U
slow                       R        R        R         R        R     R     R      R     F     F      F       F           R
too-slow-once              R        R        R         R        R     R     R      A     F     F      F       A           R
too-slow-lasting           S        S        S         S        S     S     S      A     F     A      A       A           U
head-moves                 M        M        M         M        M     M     M      R     M     F      F       F           R
graphql-limit-once         ·        ·        R         ·        ·     R     R      ·     ·     ·      ·       ·           R
graphql-limit-lasting      ·        ·        S         ·        ·     S     S      ·     ·     ·      ·       ·           U
graphql-timeout-once       ·        ·        R         ·        ·     R     R      ·     ·     ·      ·       ·           R
graphql-timeout-lasting    ·        ·        S         ·        ·     S     S      ·     ·     ·      ·       ·           U
graphql-forbidden          ·        ·        S         ·        ·     S     S      ·     ·     ·      ·       ·           U
graphql-part-once          ·        ·        R         ·        ·     R     R      ·     ·     ·      ·       ·           R
graphql-part-lasting       ·        ·        S         ·        ·     S     S      ·     ·     ·      ·       ·           U
";

/// All combinations.
pub(crate) fn cells() -> Vec<Cell> {
    let mut lines = EXPECTED.lines().filter(|line| !line.trim().is_empty());
    let calls: Vec<&'static Call> = lines
        .next()
        .expect("a heading")
        .split_whitespace()
        .map(|name| CALLS.iter().find(|call| call.name == name).expect("a call of the list"))
        .collect();
    assert_eq!(calls.len(), CALLS.len(), "each call has a column");
    let mut out = Vec::new();
    let mut rows = 0;
    for (row, line) in lines.enumerate() {
        rows += 1;
        let mut words = line.split_whitespace();
        let name = words.next().expect("a name");
        let fault = FAULTS.iter().find(|fault| fault.name == name).expect("a fault of the list");
        let letters: Vec<&str> = words.collect();
        assert_eq!(letters.len(), calls.len(), "{name} says something of each call");
        for (column, (call, letter)) in calls.iter().zip(letters).enumerate() {
            let expected = match letter {
                "R" => Outcome::Reviewed,
                "F" => Outcome::Folded,
                "S" => Outcome::Stopped,
                "A" => Outcome::Annotated,
                "P" => Outcome::NotPermitted,
                "M" => Outcome::Moved,
                "U" => Outcome::Unsure,
                "·" if fault.graphql && !call.graphql => continue,
                other => panic!("{name}, {}: {other}", call.name),
            };
            out.push(Cell { call, fault, expected, place: (column, row) });
        }
    }
    assert_eq!(rows, FAULTS.len(), "each fault has a row");
    out
}

impl Cell {
    /// What a message must say of cause and remedy.
    pub(crate) fn words(&self) -> (&'static str, &'static str) {
        match (self.call.name, self.fault.name) {
            // What is not there any more needs no deleting; that it is there all the same shows later.
            ("delete", "404") => ("pending review", "report"),
            _ => self.call.told.unwrap_or((self.fault.cause, self.fault.remedy)),
        }
    }

    /// Whether GitHub carries a request out after the run has given it up.
    pub(crate) fn is_late(&self) -> bool {
        self.fault.name.starts_with("too-slow")
    }
}
