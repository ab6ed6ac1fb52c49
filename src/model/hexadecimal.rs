//! Hexadecimal digits in lower case, as digests, signatures and ids are written.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Returns the two digits of a byte.
#[must_use]
pub fn hexadecimal_digits(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|digit| DIGITS[usize::from(digit)])
}

/// Encodes bytes.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| hexadecimal_digits(*byte)).map(char::from).collect()
}
