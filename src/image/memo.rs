//! Remembers answers about images. A file asks about the same few bases again with every proof of a fix.

use super::Image;
use std::cell::RefCell;
use std::collections::HashMap;

/// Answers that are kept; then all are forgotten.
const MOST: usize = 256;

/// The answers of one question, per thread.
pub(super) struct Memo<V>(RefCell<HashMap<String, V>>);

impl<V: Clone> Memo<V> {
    pub(super) fn new() -> Self {
        Self(RefCell::default())
    }

    /// The answer for an image, a tag and what else it depends on; `find` gives it the first time.
    pub(super) fn get(&self, image: &Image, tag: &str, rest: &str, find: impl FnOnce() -> V) -> V {
        // A repository and a tag hold no blank.
        let key = format!("{} {} {tag} {rest}", image.repository, image.official);
        if let Some(known) = self.0.borrow().get(&key) {
            return known.clone();
        }
        let found = find();
        let mut answers = self.0.borrow_mut();
        if answers.len() >= MOST {
            answers.clear();
        }
        answers.insert(key, found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_once_and_tells_images_apart() {
        let memo = Memo::new();
        let image = |repository: &str| Image { repository: repository.to_owned(), official: true };
        assert_eq!(memo.get(&image("a"), "1", "", || 1), 1);
        assert_eq!(memo.get(&image("a"), "1", "", || 2), 1);
        assert_eq!(memo.get(&image("a"), "2", "", || 3), 3);
        assert_eq!(memo.get(&image("b"), "1", "", || 4), 4);
        assert_eq!(memo.get(&image("a"), "1", "2026-11-24", || 5), 5);
    }
}
