//! Remembers answers about images. A file asks about the same few bases again with every proof of a fix.

use super::Image;
use fnv::FnvHasher;
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// Answers that are kept; then all are forgotten.
const MOST: usize = 1024;

/// What an answer belongs to: the image, its tag, and the day where the answer depends on it.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    image: Image,
    tag: String,
    day: Option<Date>,
}

/// The answers of one question, per thread, by the hash of what was asked: a question that is known costs no
/// allocation.
pub(super) struct Memo<V>(RefCell<HashMap<u64, (Asked, V), BuildHasherDefault<FnvHasher>>>);

impl<V: Clone> Memo<V> {
    pub(super) fn new() -> Self {
        Self(RefCell::default())
    }

    /// The answer for an image, a tag and a day; `find` gives it the first time.
    pub(super) fn get(&self, image: &Image, tag: &str, day: Option<Date>, find: impl FnOnce() -> V) -> V {
        let mut hasher = FnvHasher::default();
        (&image.repository, image.official, tag, day).hash(&mut hasher);
        let hash = hasher.finish();
        if let Some((asked, known)) = self.0.borrow().get(&hash)
            && asked.image == *image
            && asked.tag == tag
            && asked.day == day
        {
            return known.clone();
        }
        let found = find();
        let mut answers = self.0.borrow_mut();
        if answers.len() >= MOST {
            answers.clear();
        }
        let asked = Asked { image: image.clone(), tag: tag.to_owned(), day };
        answers.insert(hash, (asked, found.clone()));
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
        assert_eq!(memo.get(&image("a"), "1", None, || 1), 1);
        assert_eq!(memo.get(&image("a"), "1", None, || 2), 1);
        assert_eq!(memo.get(&image("a"), "2", None, || 3), 3);
        assert_eq!(memo.get(&image("b"), "1", None, || 4), 4);
        assert_eq!(memo.get(&image("a"), "1", Some(jiff::civil::date(2026, 11, 24)), || 5), 5);
    }
}
