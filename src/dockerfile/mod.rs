//! Lossless Dockerfile syntax. What BuildKit's parser says is the truth; nothing here fails or panics.

mod ast;
pub mod expand;
mod expanded;
mod frontend;
mod heredoc;
mod image_ref;
mod joined;
mod json;
mod json_like;
mod node;
mod parser;
mod refusal;
mod stages;
mod words;

pub use ast::{
    Directive, Dockerfile, ErrorKind, Flag, Heredoc, Instruction, Item, Keyword, Pair, SyntaxError, Word,
};
pub use expanded::ExpandedText;
pub use image_ref::{ImageReference, InvalidReference};
pub use joined::Joined;
pub use json_like::{JsonDefect, JsonLike};
pub use parser::parse;
pub use stages::{Stage, StageNames, from_image, stages};
