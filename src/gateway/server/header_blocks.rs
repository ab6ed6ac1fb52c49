//! Finds faults in the header blocks of HTTP/2 that h2 mends without a word: a fragment in a target, a pseudo-field
//! among trailers, and trailers that are too many or too large. The filter has those requests refused, and no other.
//!
//! A `:path` with a fragment is malformed (RFC 9113, section 8.3.1), but h2 cuts the fragment off before anybody sees
//! it, and the rest looks like another request. Of trailers it drops the pseudo-fields, which are malformed there
//! (section 8.1), and those that are too many, so that an incomplete message looks complete. The header blocks of a
//! connection are therefore followed here: its frames (RFC 9113, section 4), and of HPACK (RFC 7541) the strings of new
//! paths and of trailers, and the names in the dynamic table. A repeated path is only an index, and costs next to
//! nothing.

mod huffman;

use std::collections::VecDeque;
use std::ops::Range;

use huffman::decode_huffman;

/// The length of the connection preface.
const PREFACE_BYTES: usize = 24;

/// The largest frame that h2 takes, in bytes, with its usual settings.
pub(super) const LARGEST_FRAME: usize = 16 * 1024;

/// The most bytes of a header block that are followed; h2 ends a connection that sends more.
const LARGEST_BLOCK: usize = 256 * 1024;

/// The most bytes that the entries of the dynamic table take, as h2 tells its clients.
const TABLE_BYTES: usize = 4096;

/// The entries of the static table that are called `:path`.
const STATIC_PATHS: std::ops::RangeInclusive<usize> = 4..=5;

/// The entries of the static table that are pseudo-fields: the first ones.
const STATIC_PSEUDO_FIELDS: usize = 14;

/// The one entry of the static table behind the pseudo-fields that has a value (`gzip, deflate`), and its length.
const STATIC_VALUE: (usize, usize) = (16, 13);

/// The bytes that a field counts for beside its name and value (RFC 7541, section 4.1; RFC 9113, section 6.5.2).
const FIELD_OVERHEAD: usize = 32;

/// The most fields of trailers. hyper holds it for HTTP/1.1.
const MOST_TRAILERS: usize = 100;

/// The lengths of the names in the static table (RFC 7541, appendix A).
const STATIC_NAMES: [u8; 61] = [
    10, 7, 7, 5, 5, 7, 7, 7, 7, 7, 7, 7, 7, 7, 14, 15, 15, 13, 6, 27, 3, 5, 13, 13, 19, 16, 16, 14, 16, 13, 12, 6, 4,
    4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8, 12, 18, 19, 5, 7, 7, 11, 6, 10, 25, 17, 10, 4, 3, 16,
];

/// The bytes of a frame's head.
pub(super) const FRAME_HEAD: usize = 9;

/// The flag of a frame that ends a header block.
pub(super) const END_HEADERS: u8 = 4;

/// The flag of a frame with padding.
pub(super) const PADDED: u8 = 8;

/// Follows the bytes that a client sends on a connection of HTTP/2.
pub(super) struct HeaderBlockFollower {
    /// Bytes of the preface that are still to come.
    preface: usize,
    /// Bytes of the payload that are passed over.
    skipped: usize,
    block: Vec<u8>,
    /// The stream of the newest request: a block on it, or on one before it, is trailers.
    newest_stream: u32,
    is_trailers: bool,
    /// The most bytes of trailers, counted as h2 counts a head.
    most_trailer_bytes: usize,
    names: NameTable,
}

/// Bytes that have been followed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FollowedBytes {
    /// The number of bytes before a frame of a header block that has not come to its end, or before a frame's head.
    pub(super) count: usize,
    pub(super) refused: Vec<RefusedBlock>,
}

/// A header block that h2 would mend.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefusedBlock {
    /// The place of its last frame.
    pub(super) frame: Range<usize>,
    pub(super) is_trailers: bool,
}

/// The bytes are not HTTP/2, which h2 will find out, too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnreadableFrames;

impl HeaderBlockFollower {
    pub(super) fn new(most_trailer_bytes: usize) -> Self {
        Self {
            preface: PREFACE_BYTES,
            skipped: 0,
            block: Vec::new(),
            newest_stream: 0,
            is_trailers: false,
            most_trailer_bytes,
            names: NameTable { entries: VecDeque::new(), bytes: 0, limit: TABLE_BYTES },
        }
    }

    /// Follows bytes as far as they are whole frames; those behind come again, with more.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<FollowedBytes, UnreadableFrames> {
        const HEADERS: u8 = 1;
        const CONTINUATION: u8 = 9;
        let mut followed = FollowedBytes::default();
        while let Some(rest) = bytes.get(followed.count..).filter(|rest| !rest.is_empty()) {
            if self.preface > 0 || self.skipped > 0 {
                let left = if self.preface > 0 { &mut self.preface } else { &mut self.skipped };
                let count = rest.len().min(*left);
                *left -= count;
                followed.count += count;
                continue;
            }
            let Some(&[high, middle, low, kind, flags, ..]) = rest.get(..FRAME_HEAD) else { break };
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            if !matches!(kind, HEADERS | CONTINUATION) {
                self.skipped = length;
                followed.count += FRAME_HEAD;
                continue;
            }
            if length > LARGEST_FRAME {
                return Err(UnreadableFrames);
            }
            let Some(frame) = rest.get(..FRAME_HEAD + length) else { break };
            let place = followed.count..followed.count + frame.len();
            if self.end_frame(frame, kind == HEADERS, flags)? {
                followed.refused.push(RefusedBlock { frame: place.clone(), is_trailers: self.is_trailers });
            }
            followed.count = place.end;
        }
        Ok(followed)
    }

    /// Takes a frame's part of a header block, and reads the block at its end; returns `true` if it is to be refused.
    fn end_frame(&mut self, frame: &[u8], is_first: bool, flags: u8) -> Result<bool, UnreadableFrames> {
        const PRIORITY: u8 = 32;
        let mut payload = frame.get(FRAME_HEAD..).unwrap_or_default();
        if is_first {
            self.block.clear();
            self.begin_block(frame);
            let mut padding = 0;
            if flags & PADDED != 0 {
                let (&length, rest) = payload.split_first().ok_or(UnreadableFrames)?;
                (padding, payload) = (usize::from(length), rest);
            }
            if flags & PRIORITY != 0 {
                payload = payload.get(5..).ok_or(UnreadableFrames)?;
            }
            payload = payload.get(..payload.len().checked_sub(padding).ok_or(UnreadableFrames)?).unwrap_or_default();
        }
        if self.block.len() + payload.len() > LARGEST_BLOCK {
            return Err(UnreadableFrames);
        }
        if flags & END_HEADERS == 0 {
            self.block.extend_from_slice(payload);
            Ok(false)
        } else if self.block.is_empty() {
            self.read_block(payload)
        } else {
            let mut block = std::mem::take(&mut self.block);
            block.extend_from_slice(payload);
            self.read_block(&block)
        }
    }

    /// Finds out whether a block that begins is a request's head or trailers: the streams of requests are numbered in
    /// order (RFC 9113, section 5.1.1).
    fn begin_block(&mut self, frame: &[u8]) {
        let stream = frame.get(5..9).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map_or(0, u32::from_be_bytes);
        let stream = stream & 0x7fff_ffff;
        self.is_trailers = stream <= self.newest_stream;
        self.newest_stream = self.newest_stream.max(stream);
    }

    fn read_block(&mut self, block: &[u8]) -> Result<bool, UnreadableFrames> {
        let trailers =
            self.is_trailers.then_some(TrailerBounds { fields: MOST_TRAILERS, bytes: self.most_trailer_bytes });
        let mut verdict = BlockVerdict { trailers, is_refused: false };
        self.names.read_block(block, &mut verdict)?;
        Ok(verdict.is_refused)
    }
}

/// Verdict on a header block, which is read to its end for the dynamic table in any case.
struct BlockVerdict {
    /// The bounds of trailers; `None` for a request's head.
    trailers: Option<TrailerBounds>,
    is_refused: bool,
}

/// The fields and bytes that trailers may still have.
struct TrailerBounds {
    fields: usize,
    bytes: usize,
}

impl BlockVerdict {
    /// Counts a field: a path must have no fragment, and trailers neither a pseudo-field nor more than they may have.
    fn count(&mut self, field: TableEntry) {
        self.is_refused |= field.has_fragment;
        let Some(bounds) = &mut self.trailers else { return };
        let left = (bounds.fields.checked_sub(1), bounds.bytes.checked_sub(field.bytes));
        if let (Some(fields), Some(bytes)) = left {
            *bounds = TrailerBounds { fields, bytes };
        }
        self.is_refused |= field.name.is_pseudo || left.0.is_none() || left.1.is_none();
    }
}

/// The dynamic table of a client's encoder, as far as names go.
struct NameTable {
    /// The newest first.
    entries: VecDeque<TableEntry>,
    bytes: usize,
    limit: usize,
}

#[derive(Clone, Copy)]
struct TableEntry {
    name: FieldName,
    /// True for a path with a fragment.
    has_fragment: bool,
    bytes: usize,
}

/// A field's name, as far as it counts here.
#[derive(Clone, Copy)]
struct FieldName {
    is_path: bool,
    is_pseudo: bool,
    length: usize,
}

impl NameTable {
    /// Reads a header block (RFC 7541, section 6).
    fn read_block(&mut self, mut block: &[u8], verdict: &mut BlockVerdict) -> Result<(), UnreadableFrames> {
        while let Some(&first) = block.first() {
            match first {
                0x80.. => {
                    let index = read_integer(&mut block, 7)?;
                    verdict.count(self.entry(index)?);
                }
                0x40.. => self.read_literal(&mut block, 6, true, verdict)?,
                0x20.. => {
                    self.limit = read_integer(&mut block, 5)?;
                    if self.limit > TABLE_BYTES {
                        return Err(UnreadableFrames);
                    }
                    self.evict();
                }
                _ => self.read_literal(&mut block, 4, false, verdict)?,
            }
        }
        Ok(())
    }

    fn read_literal(
        &mut self,
        block: &mut &[u8],
        prefix: u32,
        is_kept: bool,
        verdict: &mut BlockVerdict,
    ) -> Result<(), UnreadableFrames> {
        let name = match read_integer(block, prefix)? {
            0 => {
                let name = read_string(block)?.decode()?;
                FieldName { is_path: name == b":path", is_pseudo: name.starts_with(b":"), length: name.len() }
            }
            index => self.entry(index)?.name,
        };
        let value = read_string(block)?;
        if !is_kept && !name.is_path && verdict.trailers.is_none() {
            return Ok(());
        }
        let value = value.decode()?;
        let has_fragment = name.is_path && value.contains(&b'#');
        let field = TableEntry { name, has_fragment, bytes: name.length + value.len() + FIELD_OVERHEAD };
        verdict.count(field);
        if is_kept {
            self.entries.push_front(field);
            self.bytes += field.bytes;
            self.evict();
        }
        Ok(())
    }

    /// Returns an entry of the static or the dynamic table.
    fn entry(&self, index: usize) -> Result<TableEntry, UnreadableFrames> {
        let index_in_static = index.checked_sub(1).ok_or(UnreadableFrames)?;
        if let Some(&length) = STATIC_NAMES.get(index_in_static) {
            let length = usize::from(length);
            let value = if index == STATIC_VALUE.0 { STATIC_VALUE.1 } else { 0 };
            let is_pseudo = index <= STATIC_PSEUDO_FIELDS;
            let name = FieldName { is_path: STATIC_PATHS.contains(&index), is_pseudo, length };
            return Ok(TableEntry { name, has_fragment: false, bytes: length + value + FIELD_OVERHEAD });
        }
        self.entries.get(index_in_static - STATIC_NAMES.len()).copied().ok_or(UnreadableFrames)
    }

    fn evict(&mut self) {
        while self.bytes > self.limit
            && let Some(oldest) = self.entries.pop_back()
        {
            self.bytes -= oldest.bytes;
        }
    }
}

/// Reads an integer whose first byte has so many bits of it (RFC 7541, section 5.1).
fn read_integer(block: &mut &[u8], prefix: u32) -> Result<usize, UnreadableFrames> {
    const LARGEST: usize = 1 << 24;
    let mut next = || {
        let (&byte, rest) = block.split_first().ok_or(UnreadableFrames)?;
        *block = rest;
        Ok(usize::from(byte))
    };
    let most = (1 << prefix) - 1;
    let mut integer = next()? & most;
    if integer < most {
        return Ok(integer);
    }
    let mut shift = 0;
    while integer < LARGEST && shift < 28 {
        let byte = next()?;
        integer += (byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Ok(integer);
        }
    }
    Err(UnreadableFrames)
}

/// A string as it is written (RFC 7541, section 5.2).
struct WrittenString<'b> {
    is_huffman: bool,
    bytes: &'b [u8],
}

fn read_string<'b>(block: &mut &'b [u8]) -> Result<WrittenString<'b>, UnreadableFrames> {
    let is_huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = read_integer(block, 7)?;
    let (bytes, rest) = block.split_at_checked(length).ok_or(UnreadableFrames)?;
    *block = rest;
    Ok(WrittenString { is_huffman, bytes })
}

impl WrittenString<'_> {
    fn decode(&self) -> Result<Vec<u8>, UnreadableFrames> {
        if self.is_huffman { decode_huffman(self.bytes).ok_or(UnreadableFrames) } else { Ok(self.bytes.to_vec()) }
    }
}

#[cfg(test)]
mod tests;
