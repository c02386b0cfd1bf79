//! Texts of limited length.

/// GitHub's limit for bodies and comments, in characters; bytes are counted, which are never fewer.
pub const MAX_BODY: usize = 65_536;

/// Takes whole pieces as long as they fit, so that every fence and tag stays closed.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What was taken, blank lines between the pieces.
    pub text: String,
    /// The most bytes.
    pub limit: usize,
    /// Number of pieces that did not fit.
    pub left_out: usize,
}

impl Page {
    /// Adds a piece when it fits, else counts it; returns whether it fitted.
    pub fn add(&mut self, piece: &str) -> bool {
        let fits = self.fits(piece);
        if fits {
            if !self.text.is_empty() {
                self.text.push_str("\n\n");
            }
            self.text.push_str(piece);
        } else {
            self.left_out += 1;
        }
        fits
    }

    /// Whether a piece would fit.
    pub fn fits(&self, piece: &str) -> bool {
        self.text.len() + piece.len() + 2 <= self.limit
    }
}
