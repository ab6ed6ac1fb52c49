//! Places of texts: in the file that they stand in, and in the store.

/// A text: its position and length in bytes.
#[derive(Debug, Clone, Copy)]
pub(in crate::definition) struct TextSpan {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl TextSpan {
    pub(super) fn length(self) -> u32 {
        self.length
    }
}

/// A line and a column, from 1.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::definition) struct TextPosition {
    pub(in crate::definition) line: u32,
    pub(in crate::definition) column: u32,
}
