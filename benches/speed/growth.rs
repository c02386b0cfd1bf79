//! How cost grows: each input, and the same input twice as long.

use crate::files::lint_one;
use crate::meter::{best, ms};
use std::fmt::Write as _;
use tidewaiter::text::Source;

/// Half of the largest file that is tried, in bytes.
const HALF: usize = 1 << 19;

pub(crate) fn run(texts: &[Source]) {
    println!("lint and prove, cost of twice the input (to reach: 2.2 times)");
    let texts: Vec<&str> = texts.iter().map(|source| source.text().trim_end()).collect();
    let real = texts.join("\n") + "\n";
    let real = move |bytes: usize| {
        let mut text = real.repeat(bytes / real.len().max(1) + 1);
        let end = text[..bytes.min(text.len())].rfind('\n').unwrap_or(0);
        text.truncate(end);
        text
    };
    for size in [HALF / 32, HALF / 8, HALF] {
        grows(&format!("real files, {} KiB", size >> 10), size, &real);
    }
    for (name, count, make) in SHAPES {
        grows(&format!("{count} {name}"), *count, make);
    }
}

fn grows(name: &str, count: usize, make: impl Fn(usize) -> String) {
    let time = |count: usize| {
        let source = Source::new(make(count));
        best(3, || {
            std::hint::black_box(lint_one(&source));
        })
    };
    let (once, twice) = (time(count), time(2 * count));
    let times = twice.as_secs_f64() / once.as_secs_f64().max(1e-6);
    println!("  {name:32} {:>9.2} ms, then {:>9.2} ms: {times:.2} times", ms(once), ms(twice));
}

type Shape = (&'static str, usize, fn(usize) -> String);

/// What nobody writes, but a stranger may send.
const SHAPES: &[Shape] = &[
    ("instructions", 10_000, |n| lines("FROM alpine:3.24\n", n, |i| format!("RUN echo {i}\n"))),
    ("continuation lines", 50_000, |n| {
        lines("FROM alpine:3.24\nRUN true", n, |_| " \\\n  && true".to_owned()) + "\n"
    }),
    ("blank continuation lines", 50_000, |n| {
        lines("FROM alpine:3.24\nRUN true \\\n", n, |_| "\n".to_owned()) + "  && true\n"
    }),
    ("comments in a continuation", 50_000, |n| {
        lines("FROM alpine:3.24\nRUN true \\\n", n, |i| format!("# {i}\n")) + "  && true\n"
    }),
    ("stages", 5_000, |n| lines("", n, |i| format!("FROM alpine:3.24 AS s{i}\nRUN true\n"))),
    ("stages on one another", 5_000, |n| {
        lines("FROM alpine:3.24 AS s0\n", n, |i| format!("FROM s{i} AS s{}\nRUN true\n", i + 1))
    }),
    ("stages that copy from the first", 5_000, |n| {
        lines("FROM alpine:3.24 AS s\n", n, |_| "FROM scratch\nCOPY --from=s /a /b\n".to_owned())
    }),
    ("stages on an ended release", 1_000, |n| {
        lines("", n, |i| format!("FROM debian:8 AS s{i}\nRUN apt-get update && apt-get install -y x\n"))
    }),
    ("stages that copy into the root", 1_000, |n| {
        lines("", n, |i| {
            format!("FROM python:3.13-slim AS s{i}\nCOPY . .\nRUN pip install x\nCMD python a.py\n")
        })
    }),
    ("secrets", 2_000, |n| {
        lines("", n, |i| {
            format!("FROM alpine:3.24\nARG API_TOKEN\nENV DB_PASSWORD=x7{i}\nRUN echo $API_TOKEN\n")
        })
    }),
    ("ignore comments", 10_000, |n| {
        lines("FROM alpine:3.24\n", n, |i| format!("# tidewaiter ignore=run-as-root\nENV A{i} b\n"))
    }),
    ("variables", 10_000, |n| {
        lines("FROM alpine:3.24\nENV V0=x\n", n, |i| format!("ENV V{}=$V{i}\n", i + 1))
    }),
    ("variables in one ENV", 20_000, |n| lines("FROM alpine:3.24\nENV", n, |i| format!(" V{i}=x")) + "\n"),
    ("old ENV lines", 10_000, |n| lines("FROM alpine:3.24\n", n, |i| format!("ENV V{i} x y\n"))),
    ("undefined variables", 10_000, |n| lines("FROM alpine:3.24\n", n, |i| format!("COPY a$V{i} /b/\n"))),
    ("lower-case keywords", 10_000, |n| {
        lines("FROM alpine:3.24\nRUN a\n", n, |i| format!("RUN {i}\nrun {i}\n"))
    }),
    ("nested expansions", 100_000, |n| {
        format!("FROM alpine:3.24\nENV A={}x{}\n", "${A:-".repeat(n), "}".repeat(n))
    }),
    ("nested braces", 100_000, |n| format!("FROM alpine:3.24\nENV A={}x{}\n", "${".repeat(n), "}".repeat(n))),
    ("nested quotes", 100_000, |n| format!("FROM alpine:3.24\nRUN echo {}\n", "\"'".repeat(n))),
    ("nested substitutions", 50_000, |n| {
        format!("FROM alpine:3.24\nRUN {}x{}\n", "$(".repeat(n), ")".repeat(n))
    }),
    ("nested groups", 50_000, |n| format!("FROM alpine:3.24\nRUN {}x{}\n", "( ".repeat(n), " )".repeat(n))),
    ("words of one command", 100_000, |n| {
        lines("FROM alpine:3.24\nRUN apk add", n, |_| " x".to_owned()) + "\n"
    }),
    ("here-documents", 5_000, |n| {
        lines("FROM alpine:3.24\n", n, |i| format!("RUN <<E{i}\necho {i}\nE{i}\n"))
    }),
    ("here-documents of one line", 2_000, |n| {
        let openers = lines("FROM alpine:3.24\nRUN cat", n, |i| format!(" <<E{i}"));
        lines(&format!("{openers}\n"), n, |i| format!("{i}\nE{i}\n"))
    }),
    ("elements of JSON", 100_000, |n| {
        let items: Vec<String> = (0..n).map(|i| format!("\"{i}\"")).collect();
        format!("FROM alpine:3.24\nCMD [{}]\n", items.join(","))
    }),
    ("lines that are no instruction", 10_000, |n| {
        lines("FROM alpine:3.24\n", n, |i| format!("nonsense {i}\n"))
    }),
    ("characters of one line", 500_000, |n| format!("FROM alpine:3.24\nRUN echo {}\n", "é".repeat(n / 2))),
];

fn lines(start: &str, count: usize, line: impl Fn(usize) -> String) -> String {
    let mut out = start.to_owned();
    for index in 0..count {
        let _ = out.write_str(&line(index));
    }
    out
}
