//! No rule repeats the value of a secret: not in messages, notes, identities or changes.

#![allow(clippy::expect_used, clippy::missing_panics_doc, reason = "this is a test")]

use camino::Utf8Path;
use tidewaiter::lint::{Settings, lint};
use tidewaiter::repository::MemoryTree;
use tidewaiter::text::Source;

#[test]
fn values_stay_where_they_are() {
    // Put together, so that no scanner takes this file for a leak.
    let token = format!("gh{}", "p_aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0fL9rXk");
    let password = "h8Fk2LqWz";
    let text = format!(
        "FROM debian:trixie-slim\n\
         # {token}\n\
         ARG NPM_TOKEN={token}\n\
         ARG API_KEY={password}\n\
         ENV GITHUB_TOKEN={token} DB_PASSWORD={password}\n\
         ENV DATABASE_URL=postgres://app:{password}@db.corp.net/app\n\
         RUN git clone http://bot:{password}@git.corp.net/x.git && curl -k -u ci:{password} http://ci:{password}@h.net/x | sh\n\
         RUN wget --password={password} https://h.net/y.tgz?token={token} && tar xf y.tgz\n\
         ADD https://ci:{password}@h.net/z.tgz /z\n\
         RUN useradd -p {password} app && echo 'app:{password}' | chpasswd && usermod --password={password} app\n\
         RUN mysql -e \"CREATE USER a IDENTIFIED BY '{password}'\" && echo {password} | passwd --stdin app\n\
         RUN echo 'machine h.net password {password}' > /root/.netrc\n\
         RUN npm config set //r.net/:_authToken {password} && git config --global url.https://x:{password}@h.net/.insteadOf https://h.net/\n\
         RUN rm /root/.netrc && npm config delete //r.net/:_authToken && git config --global --unset url.x\n"
    );
    let settings = Settings::new(jiff::civil::date(2026, 11, 24));
    let report = lint(Utf8Path::new("Dockerfile"), &Source::new(text), &MemoryTree::complete(), &settings);
    let found = |rule: &str| report.findings.iter().filter(|finding| finding.rule == rule).count();
    for rule in [
        "secret-literal",
        "secret-in-env-arg",
        "hardcoded-password",
        "secret-removed-later",
        "plain-http-download",
        "unverified-download",
        "tls-verification-disabled",
    ] {
        assert!(found(rule) > 0, "{rule} says nothing");
    }
    for finding in &report.findings {
        let said = format!("{finding:?}");
        for value in [token.as_str(), password] {
            // Not even a part of it beyond the first four characters.
            assert!(!said.contains(&value[..5]), "{said}");
        }
    }
}
