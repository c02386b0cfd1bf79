//! A pull request in which a run makes every kind of call, and what is said on it.

use super::lab::{Github, Repo, Run};
use super::table::{Call, Fault};
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// Findings that belong inline, one a line from [`FIRST`] on.
pub(crate) const FINDINGS: usize = 30;
/// Line of the first.
const FIRST: usize = 3;
/// How much faster pauses pass, and deadlines: those only where they are to be met.
const FASTER: &str = "40:1";
const FASTER_DEADLINES: &str = "40:10";
const API: &str = "/repos/octo-org/shop";

/// What became of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything inline.
    Reviewed,
    /// Reviewed, with refused comments in the review's body.
    Folded,
    /// Not read, so nothing is known: exit code 3.
    Stopped,
    /// Read but not written: exit code 3, annotations and summary.
    Annotated,
    /// May not write: annotations and summary.
    NotPermitted,
    /// Another run's business.
    Moved,
    /// Written, but GitHub did not let the run see it: as [`Outcome::Annotated`].
    Unsure,
}

impl Outcome {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Reviewed => "reviewed",
            Self::Folded => "reviewed, partly in the body",
            Self::Stopped => "stopped, nothing written",
            Self::Annotated => "annotations and summary",
            Self::NotPermitted => "no permission: annotations and summary",
            Self::Moved => "left to the run for the newer commit",
            Self::Unsure => "written, not confirmed: annotations and summary too",
        }
    }

    /// Whether the run got as far as a plan.
    pub(crate) const fn has_plan(self) -> bool {
        !matches!(self, Self::Stopped | Self::Moved | Self::Unsure)
    }

    /// Whether the message must name the fault.
    pub(crate) const fn is_told(self) -> bool {
        matches!(self, Self::Stopped | Self::Annotated | Self::NotPermitted | Self::Unsure)
    }

    /// Whether GitHub let the run tidy up.
    pub(crate) const fn is_clean(self) -> bool {
        matches!(self, Self::Reviewed | Self::Folded | Self::Moved)
    }
}

/// A pull request of the scene.
pub(crate) struct Pull {
    number: u64,
    branch: String,
    head: String,
    commits: u64,
}

/// A run and its circumstances.
pub(crate) struct Told {
    pub(crate) run: Run,
    pub(crate) requests: usize,
    pub(crate) writes: usize,
    /// Seconds of waiting, as the run says.
    pub(crate) waited: u64,
    pub(crate) took: Duration,
    pub(crate) hits: u64,
    /// Mistakes of the client; refusals are what is tested here.
    pub(crate) violations: Vec<String>,
    /// What the stand-in holds afterwards.
    state: Value,
    reviews: Vec<Value>,
}

impl Told {
    /// What the exit code, the messages and the stand-in's state say.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        let annotated = self.run.stdout.contains("::error file=app/Dockerfile");
        let submitted: Vec<&Value> = self.reviews.iter().filter(|r| r["state"] != "PENDING").collect();
        let folded = submitted.iter().any(|r| r["body"].as_str().is_some_and(|b| b.contains("SERVICE_")));
        match (self.run.code, annotated, submitted.is_empty()) {
            (1, false, false) if folded => Some(Outcome::Folded),
            (1, false, false) => Some(Outcome::Reviewed),
            (1, true, true) => Some(Outcome::NotPermitted),
            (3, true, true) => Some(Outcome::Annotated),
            (3, true, false) => Some(Outcome::Unsure),
            (3, false, true) => Some(Outcome::Stopped),
            (0, false, true) if self.run.stderr.contains("moved on") => Some(Outcome::Moved),
            _ => None,
        }
    }
}

/// Where the findings are.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) inline: usize,
    pub(crate) most_inline: usize,
    pub(crate) reviews_of_head: usize,
    pub(crate) pending: usize,
    /// Neither on the pull request nor in summary or annotations of the run.
    pub(crate) lost: Vec<usize>,
    /// Not on the pull request.
    pub(crate) unsaid: Vec<usize>,
    /// More than once on the pull request.
    pub(crate) repeated: Vec<usize>,
}

/// A stand-in with one pull request after another: they do not see each other's reviews.
pub(crate) struct Scene {
    github: Github,
    event: Value,
    count: usize,
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn name(number: usize) -> String {
    format!("SERVICE_{number:02}_API_TOKEN")
}

/// The branch is made so that a run has to list two pages of files, to compare (two commits of the base
/// were merged at different times), to read again at the base, to read a large file by its blob, and to
/// fetch a script that did not change.
fn repository() -> Repo {
    let repo = Repo::new();
    repo.git(&["config", "core.fileMode", "false"]);
    repo.write("app/Dockerfile", "FROM debian:13\n");
    repo.write("app/bin/start", "#!/bin/sh\nexec python -m app\n");
    repo.git(&["add", "-A"]);
    repo.git(&["update-index", "--chmod=+x", "app/bin/start"]);
    repo.write("README.md", "1\n");
    repo.commit("one");
    repo.write("README.md", "2\n");
    repo.commit("two");
    repo.write("README.md", "3\n");
    repo.commit("three");
    repo.git(&["checkout", "-q", "-b", "topic", "HEAD~2"]);
    let secrets = (1..=FINDINGS)
        .map(|n| format!("ENV {}=hw-live-7c41e09ab26d4f{n:02}\n", name(n)))
        .collect::<Vec<_>>()
        .concat();
    let rest = "COPY requirements.txt ./\nCOPY bin bin\nUSER 1000\nENTRYPOINT [\"/app/bin/start\"]\n";
    repo.write("app/Dockerfile", &format!("FROM debian:13\nWORKDIR /app\n{secrets}{rest}"));
    let packages =
        (0..14_000).map(|n| format!("package-with-a-long-name-{n}==1.{n}.0\n")).collect::<Vec<_>>().concat();
    repo.write("app/requirements.txt", &packages);
    for number in 0..105 {
        repo.write(&format!("data/{number}.txt"), "x\n");
    }
    repo.commit("head");
    repo.git(&["merge", "-q", "--no-edit", "main~1"]);
    repo.write("data/more.txt", "x\n");
    repo.commit("more");
    // A push that mends the first finding and moves nothing.
    repo.git(&["checkout", "-q", "-b", "mended"]);
    let mended = format!("FROM debian:13\nWORKDIR /app\n{secrets}{rest}");
    let first = format!("ENV {}=hw-live-7c41e09ab26d4f01\n", name(1));
    repo.write("app/Dockerfile", &mended.replace(&first, "ENV LANG=C.UTF-8\n"));
    repo.commit("mended");
    repo.git(&["checkout", "-q", "topic"]);
    // What is pushed while a run is under way, or between two.
    repo.git(&["checkout", "-q", "-b", "moved"]);
    repo.write("data/late.txt", "x\n");
    repo.commit("late");
    repo
}

impl Scene {
    pub(crate) fn new() -> Self {
        // One stand-in serves hundreds of runs, more than an hour's limit allows.
        let options = ["--base", "main", "--head", "topic", "--allow-actions-prs", "--rate-limit", "1000000"];
        let github = Github::start(repository(), &options);
        // The first query waits for the schema.
        github.request("POST", "/graphql", r#"{"query": "{ viewer { login } }"}"#);
        let event = github.control("GET", "event", "");
        Self { github, event, count: 0 }
    }

    /// Opens a pull request.
    pub(crate) fn pull(&mut self) -> Pull {
        self.count += 1;
        let branch = format!("topic-{}", self.count);
        self.push("topic", &branch);
        let body = json!({"title": "Secrets", "head": branch, "base": "main"}).to_string();
        let made = self.github.request("POST", &format!("{API}/pulls"), &body);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Pull {
            number: made["number"].as_u64().expect("a number"),
            branch,
            head: text(&made["head"]["sha"]),
            commits: made["commits"].as_u64().expect("a number"),
        }
    }

    fn push(&self, revision: &str, branch: &str) -> String {
        let body = json!({"rev": revision, "branch": branch}).to_string();
        let pushed = self.github.control("POST", "push", &body);
        pushed["after"].as_str().expect("a commit").to_owned()
    }

    /// Runs on a healthy GitHub.
    pub(crate) fn run(&self, pull: &Pull) -> Told {
        self.run_in_time(pull, FASTER)
    }

    fn run_in_time(&self, pull: &Pull, faster: &str) -> Told {
        let mut event = self.event.clone();
        event["number"] = json!(pull.number);
        event["pull_request"]["number"] = json!(pull.number);
        event["pull_request"]["commits"] = json!(pull.commits);
        event["pull_request"]["head"]["sha"] = json!(pull.head);
        let path = self.github.folder().join("event-of-the-run.json");
        fs::write(&path, event.to_string()).expect("writable");
        self.github.control("POST", "reset-traffic", "{}");
        let begun = Instant::now();
        let path = path.to_str().expect("UTF-8");
        let run =
            self.github.review_with(&[], &[("GITHUB_EVENT_PATH", path), ("TIDEWAITER_TEST_FASTER", faster)]);
        let took = begun.elapsed();
        let waited = run
            .stderr
            .lines()
            .find_map(|line| line.split_once(" to GitHub, ")?.1.strip_suffix(" s of waiting")?.parse().ok());
        let traffic = self.github.control("GET", "traffic", "");
        let requests = list(&traffic, "requests");
        let writes = |request: &&Value| {
            let query = request["path"].as_str().is_some_and(|path| path.ends_with("/graphql"))
                && !request["request"].to_string().contains("mutation");
            request["method"] != "GET" && !query
        };
        let violations = requests.iter().flat_map(|request| list(request, "violations"));
        let wanted = ["refused", "permission", "graphql-error"].map(|kind| json!(kind));
        let state = self.github.state();
        let reviews = list(&state, "reviews").iter().filter(|r| r["pull"] == json!(pull.number));
        Told {
            requests: requests.len(),
            writes: requests.iter().filter(writes).count(),
            violations: violations.filter(|v| !wanted.contains(&v["kind"])).map(Value::to_string).collect(),
            waited: waited.unwrap_or(0),
            took,
            hits: 0,
            reviews: reviews.cloned().collect(),
            state,
            run,
        }
    }

    /// Runs while a call fails.
    pub(crate) fn run_with_fault(&self, pull: &mut Pull, call: &Call, fault: &Fault) -> Told {
        let number = pull.number.to_string();
        let date = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&date)
            .expect("a date of our time");
        let mut spec: Value = serde_json::from_str(&fault.spec.replace("{date}", &date)).expect("JSON");
        let place: Value = serde_json::from_str(&call.place.replace("{n}", &number)).expect("JSON");
        for (key, value) in place.as_object().expect("an object") {
            spec[key] = value.clone();
        }
        let mut faults = vec![spec];
        faults.extend(
            call.setup
                .iter()
                .map(|setup| serde_json::from_str::<Value>(&setup.replace("{n}", &number)).expect("JSON")),
        );
        self.github.control("POST", "faults", &Value::from(faults).to_string());
        let mut told = if fault.pushes {
            let moved = std::thread::scope(|scope| {
                let pusher = scope.spawn(|| {
                    for _ in 0..500 {
                        if self.faults()[0]["left"] == 0 {
                            return Some(self.push("moved", &pull.branch));
                        }
                        std::thread::sleep(Duration::from_millis(10));
                    }
                    None
                });
                let told = self.run_in_time(pull, FASTER);
                (told, pusher.join().expect("no panic"))
            });
            if let Some(head) = moved.1 {
                pull.head = head;
                pull.commits += 1;
            }
            moved.0
        } else {
            let late = fault.name.starts_with("too-slow");
            self.run_in_time(pull, if late { FASTER_DEADLINES } else { FASTER })
        };
        let after = place["after"].as_u64().unwrap_or(0);
        told.hits = self.faults()[0]["hits"].as_u64().unwrap_or(0).saturating_sub(after);
        told
    }

    /// Pushes the commit that mends the first finding.
    pub(crate) fn mend(&self, pull: &mut Pull) {
        pull.head = self.push("mended", &pull.branch);
        pull.commits += 1;
    }

    fn faults(&self) -> Value {
        self.github.control("GET", "faults", "")
    }

    /// Ends the faults.
    pub(crate) fn heal(&self) {
        self.github.control("DELETE", "faults", "");
    }

    /// Makes the scene ready for the next pull request.
    pub(crate) fn clear(&self) {
        self.heal();
    }
}

impl Told {
    /// How many comments say that the first finding is fixed, and how many are there in all.
    pub(crate) fn mended(&self, pull: &Pull) -> (usize, usize) {
        let of_pull = format!("/pulls/{}", pull.number);
        let comments = list(&self.state, "review_comments").iter().filter(|c| {
            c["pull_request_url"].as_str().is_some_and(|url| url.ends_with(&of_pull)) && c["pending"] == false
        });
        let bodies: Vec<&str> = comments.filter_map(|c| c["body"].as_str()).collect();
        let fixed = bodies.iter().filter(|body| body.starts_with("✅") && body.contains(&name(1)));
        (fixed.count(), bodies.len())
    }

    /// Number of reviews on the pull request.
    pub(crate) fn reviews(&self) -> usize {
        self.reviews.len()
    }

    /// Looks where the findings are.
    pub(crate) fn said(&self, pull: &Pull) -> Said {
        let of_pull = format!("/pulls/{}", pull.number);
        let comments: Vec<&Value> = list(&self.state, "review_comments")
            .iter()
            .filter(|c| c["pull_request_url"].as_str().is_some_and(|url| url.ends_with(&of_pull)))
            .filter(|c| c["pending"] == false)
            .collect();
        let reviews = &self.reviews;
        let count = |number: usize| {
            let line = FIRST + number - 1;
            let name = name(number);
            let inline = comments.iter().filter(|c| {
                c["original_line"] == json!(line) && c["body"].as_str().is_some_and(|b| b.contains(&name))
            });
            let bodies = reviews.iter().filter_map(|r| r["body"].as_str());
            (inline.count(), bodies.map(|body| body.matches(&name).count()).sum::<usize>())
        };
        let elsewhere = |number: usize| {
            let name = name(number);
            self.run.summary.contains(&name) || self.run.stdout.contains(&name)
        };
        let counts: Vec<(usize, (usize, usize))> = (1..=FINDINGS).map(|n| (n, count(n))).collect();
        let numbers = |keep: &dyn Fn(usize, usize, usize) -> bool| -> Vec<usize> {
            counts.iter().filter(|(n, (i, b))| keep(*n, *i, *b)).map(|(n, _)| *n).collect()
        };
        Said {
            inline: counts.iter().filter(|(_, (inline, _))| *inline > 0).count(),
            most_inline: counts.iter().map(|(_, (inline, _))| *inline).max().unwrap_or(0),
            reviews_of_head: reviews
                .iter()
                .filter(|r| r["state"] != "PENDING" && r["commit_id"] == json!(pull.head))
                .count(),
            pending: reviews.iter().filter(|r| r["state"] == "PENDING").count(),
            lost: numbers(&|n, inline, body| inline + body == 0 && !elsewhere(n)),
            unsaid: numbers(&|_, inline, body| inline + body == 0),
            repeated: numbers(&|_, inline, body| inline + body > 1),
        }
    }
}
