//! Lossless Dockerfile syntax. What BuildKit's parser says is the truth; nothing here fails or panics.

mod ast;
mod image_ref;
mod joined;

pub use ast::{Directive, Dockerfile, Flag, Heredoc, Instruction, Item, Keyword, Pair, SyntaxError, Word};
pub use image_ref::ImageReference;
pub use joined::Joined;
