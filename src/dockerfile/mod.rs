//! Lossless Dockerfile syntax. What BuildKit's parser says is the truth; nothing here fails or panics.

mod ast;
pub mod expand;
mod heredoc;
mod joined;
mod json;
mod parser;
mod words;

pub use ast::{Directive, Dockerfile, Flag, Heredoc, Instruction, Item, Keyword, Pair, SyntaxError, Word};
pub use joined::Joined;
pub use parser::parse;
