//! Which words of an instruction Docker expands.
//!
//! Source: BuildKit, `frontend/dockerfile/instructions/commands.go` (`Expand`, `ExpandRaw`) and
//! `dockerfile2llb/convert.go`. The words of RUN, CMD, ENTRYPOINT, HEALTHCHECK and SHELL are the shell's.

use super::{Instruction, Keyword, Word};
use crate::text::Span;

/// A text that Docker expands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpandedText<'a> {
    /// A word, with quotes and escapes.
    Word(&'a Word),
    /// The body of a here-document, where quotes are text.
    Body(Span),
}

impl Instruction {
    /// The words and bodies in which Docker expands variables, in order. ONBUILD expands nothing: its trigger is
    /// for the image that is built on this one.
    pub fn expanded_texts(&self) -> Vec<ExpandedText<'_>> {
        let flags: &[&str] = match self.keyword {
            Keyword::From => &["platform"],
            Keyword::Add => &["chown", "chmod", "checksum"],
            Keyword::Copy => &["chown", "chmod"],
            Keyword::Run => &["mount"],
            _ => &[],
        };
        let flags = self.flags.iter().filter(|flag| flags.contains(&flag.name.as_str()));
        let mut out: Vec<_> = flags.filter_map(|flag| flag.value.as_ref()).map(ExpandedText::Word).collect();
        match self.keyword {
            Keyword::From => out.extend(self.args.first().map(ExpandedText::Word)),
            Keyword::Add | Keyword::Copy => {
                let opens = |word: &&Word| self.heredocs.iter().any(|doc| doc.opener == word.span);
                out.extend(self.args.iter().filter(|word| !opens(word)).map(ExpandedText::Word));
                let bodies = self.heredocs.iter().filter(|doc| doc.expand);
                out.extend(bodies.map(|doc| ExpandedText::Body(doc.body)));
            }
            Keyword::Expose | Keyword::Stopsignal | Keyword::User | Keyword::Volume | Keyword::Workdir => {
                out.extend(self.args.iter().map(ExpandedText::Word));
            }
            Keyword::Env | Keyword::Label => out.extend(
                self.pairs
                    .iter()
                    .flat_map(|p| std::iter::once(&p.key).chain(&p.value))
                    .map(ExpandedText::Word),
            ),
            Keyword::Arg => {
                out.extend(self.pairs.iter().filter_map(|p| p.value.as_ref()).map(ExpandedText::Word));
            }
            _ => {}
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dockerfile::parse;
    use crate::text::Source;

    fn texts(line: &str) -> Vec<String> {
        let file = parse(&Source::new(line));
        let text = |text| match text {
            ExpandedText::Word(word) => word.text.clone(),
            ExpandedText::Body(span) => file.source.slice(span).to_owned(),
        };
        file.instructions[0].expanded_texts().into_iter().map(text).collect()
    }

    #[test]
    fn docker_expands_these_and_no_others() {
        for (line, expected) in [
            ("FROM --platform=$P $I AS $N", &["$P", "$I"][..]),
            ("COPY --from=$F --chown=$U --chmod=$M --link $A $B", &["$U", "$M", "$A", "$B"]),
            ("ADD --checksum=$C --keep-git-dir=$K [\"$A\", \"$B\"]", &["$C", "$A", "$B"]),
            ("COPY <<A <<'B' $D\n$X\nA\n$Y\nB\n", &["$D", "$X\n"]),
            ("RUN --mount=type=cache,id=$I --network=$N echo $X", &["type=cache,id=$I"]),
            ("ENV $K=$V A=$B", &["$K", "$V", "A", "$B"]),
            ("LABEL a=$B", &["a", "$B"]),
            ("ARG A=$B C", &["$B"]),
            ("EXPOSE $A 80", &["$A", "80"]),
            ("USER $A", &["$A"]),
            ("WORKDIR /a/$B", &["/a/$B"]),
            ("VOLUME [\"$A\"]", &["$A"]),
            ("STOPSIGNAL $A", &["$A"]),
            ("RUN <<E\n$X\nE\n", &[]),
            ("CMD [\"$A\"]", &[]),
            ("ENTRYPOINT $A", &[]),
            ("HEALTHCHECK --interval=$I CMD $A", &[]),
            ("SHELL [\"$A\"]", &[]),
            ("MAINTAINER $A", &[]),
            ("ONBUILD COPY $A $B", &[]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
    }
}
