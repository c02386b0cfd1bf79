//! Whatever bytes come in: the text comes back, spans fit, nothing panics. The property itself is shared with
//! the tests.

#![no_main]

#[path = "../../tests/lossless/mod.rs"]
mod lossless;

use libfuzzer_sys::fuzz_target;
use tidewaiter::text::Source;

fuzz_target!(|bytes: &[u8]| {
    // Other bytes are refused when a file is read.
    let Ok(source) = Source::from_bytes(bytes.to_vec()) else { return };
    if let Err(what) = lossless::holds(source.text()) {
        panic!("{what}\n{:?}", source.text());
    }
});
