//! What becomes of a review that is not posted: annotations in the log, its comments in the job summary.

use super::super::streams::Streams;
use crate::report::{annotations, count};
use crate::review::{Plan, told};
use std::fmt::Write as _;

/// The most bytes of comments in a summary: GitHub takes 1 MiB of a step, and the findings come first.
const MAX_COMMENTS: usize = 400_000;

/// Prints the annotations, and adds to the summary what the inline comments would have said: the proven changes
/// are nowhere else.
pub(super) fn show(plan: &mut Plan, streams: &mut Streams) {
    streams.print(&annotations::render(&plan.annotations, "All findings are in the job summary"));
    add_comments(plan);
}

fn add_comments(plan: &mut Plan) {
    let comments = plan.review.as_ref().map_or(&[][..], |review| &review.comments);
    if comments.is_empty() {
        return;
    }
    let mut text = "\n### Comments that were not posted\n".to_owned();
    for (index, comment) in comments.iter().enumerate() {
        // In a text there is nothing to commit with a click: the suggestion becomes a block of code.
        let one = told(comment);
        if text.len() + one.len() > MAX_COMMENTS {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n{} did not fit.\n", count(comments.len() - index, "more comment"));
            break;
        }
        let _ = write!(text, "\n{one}\n");
    }
    plan.summary.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{Comment, Outcome, Review};

    fn plan(bodies: &[String]) -> Plan {
        let comment = |body: &String| Comment {
            path: "a/Dockerfile".into(),
            line: 3,
            body: body.clone(),
            ..Comment::default()
        };
        Plan {
            head: "1".repeat(40),
            review: Some(Review { body: "Body".to_owned(), comments: bodies.iter().map(comment).collect() }),
            updates: Vec::new(),
            annotations: Vec::new(),
            notes: Vec::new(),
            summary: "# Summary\n".to_owned(),
            outcome: Outcome::default(),
        }
    }

    #[test]
    fn comments_go_to_the_summary_with_their_changes() {
        let mut with =
            plan(&["Run as `app`.\n\n```suggestion\nUSER app\n```\n\n<!-- tidewaiter:v1 fp=a lines=1 -->"
                .to_owned()]);
        add_comments(&mut with);
        let wanted = "# Summary\n\n### Comments that were not posted\n\n`a/Dockerfile:3`\n\nRun as `app`.\n\n\
                      ```dockerfile\nUSER app\n```\n";
        assert_eq!(with.summary, wanted);
        let mut without = Plan { review: None, ..plan(&[]) };
        add_comments(&mut without);
        assert_eq!(without.summary, "# Summary\n");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut plan = plan(&vec!["x".repeat(60_000); 10]);
        add_comments(&mut plan);
        assert!(plan.summary.len() <= MAX_COMMENTS + 100);
        assert!(plan.summary.ends_with("\n4 more comments did not fit.\n"), "{}", &plan.summary[360_000..]);
    }
}
