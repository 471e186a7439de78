//! Any bytes as a document.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = serde_json::from_slice(bytes) {
        fuzz::work_with(&document);
    }
});
