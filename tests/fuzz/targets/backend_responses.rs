//! Feeds what libFuzzer makes up to the check of the same name.

#![no_main]

#[path = "../checks.rs"]
#[expect(dead_code, reason = "each target takes one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::backend_responses(data));
