//! Finds faults in the header blocks of HTTP/2 that h2 mends without a word: a fragment in a target, a pseudo-field among
//! trailers, and trailers that are too many or too large.
//!
//! A `:path` with a fragment is malformed (RFC 9113, section 8.3.1), but h2 cuts the fragment off before anybody sees
//! it, and the rest looks like another request. Of trailers it drops the pseudo-fields, which are malformed there
//! (section 8.1), and those that are too many, so that an incomplete message looks complete. The header blocks of a
//! connection are therefore followed here: its frames (RFC 9113, section 4), and of HPACK (RFC 7541) the strings of new
//! paths and of trailers, and the names in the dynamic table. A repeated path is only an index, and costs next to
//! nothing. A client that sends such a block once is refused whatever it sends next, so that nothing here has to be right
//! about any other request.

mod huffman;

use std::collections::VecDeque;

use huffman::decode_huffman;

/// The length of the connection preface.
const PREFACE_BYTES: usize = 24;

/// The largest frame that h2 takes, in bytes, with its usual settings.
const LARGEST_FRAME: usize = 16 * 1024;

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

/// Follows the bytes that a client sends on a connection of HTTP/2.
pub(super) struct HeaderBlockFollower {
    /// Bytes of the preface that are still to come.
    preface: usize,
    /// The head of the frame that is being read, and then its payload where it is part of a header block.
    frame: Vec<u8>,
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

/// The bytes are not HTTP/2, which h2 will find out, too; or a target or trailers are malformed or too large.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderBlockRefusal;

impl HeaderBlockFollower {
    pub(super) fn new(most_trailer_bytes: usize) -> Self {
        Self {
            preface: PREFACE_BYTES,
            frame: Vec::new(),
            skipped: 0,
            block: Vec::new(),
            newest_stream: 0,
            is_trailers: false,
            most_trailer_bytes,
            names: NameTable { entries: VecDeque::new(), bytes: 0, limit: TABLE_BYTES },
        }
    }

    /// Follows bytes; fails where a request is among them that h2 would mend.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) -> Result<(), HeaderBlockRefusal> {
        const HEAD: usize = 9;
        const HEADERS: u8 = 1;
        const CONTINUATION: u8 = 9;
        while !bytes.is_empty() {
            if self.preface > 0 || self.skipped > 0 {
                let left = if self.preface > 0 { &mut self.preface } else { &mut self.skipped };
                let count = bytes.len().min(*left);
                *left -= count;
                bytes = bytes.get(count..).unwrap_or_default();
                continue;
            }
            bytes = self.gather(bytes, HEAD);
            let &[high, middle, low, kind, flags, ..] = &self.frame[..] else { continue };
            if self.frame.len() < HEAD {
                continue;
            }
            let length = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            if !matches!(kind, HEADERS | CONTINUATION) {
                self.skipped = length;
                self.frame.clear();
                continue;
            }
            if length > LARGEST_FRAME {
                return Err(HeaderBlockRefusal);
            }
            bytes = self.gather(bytes, HEAD + length);
            if self.frame.len() == HEAD + length {
                self.end_frame(kind == HEADERS, flags)?;
            }
        }
        Ok(())
    }

    /// Takes bytes until the frame has so many, and returns the rest.
    fn gather<'b>(&mut self, bytes: &'b [u8], wanted: usize) -> &'b [u8] {
        let (taken, rest) = bytes.split_at(bytes.len().min(wanted.saturating_sub(self.frame.len())));
        self.frame.extend_from_slice(taken);
        rest
    }

    /// Takes a frame's part of a header block, and reads the block at its end.
    fn end_frame(&mut self, is_first: bool, flags: u8) -> Result<(), HeaderBlockRefusal> {
        const END_HEADERS: u8 = 4;
        const PADDED: u8 = 8;
        const PRIORITY: u8 = 32;
        let frame = std::mem::take(&mut self.frame);
        let mut payload = frame.get(9..).unwrap_or_default();
        if is_first {
            self.block.clear();
            self.begin_block(&frame);
            let mut padding = 0;
            if flags & PADDED != 0 {
                let (&length, rest) = payload.split_first().ok_or(HeaderBlockRefusal)?;
                (padding, payload) = (usize::from(length), rest);
            }
            if flags & PRIORITY != 0 {
                payload = payload.get(5..).ok_or(HeaderBlockRefusal)?;
            }
            payload = payload.get(..payload.len().checked_sub(padding).ok_or(HeaderBlockRefusal)?).unwrap_or_default();
        }
        if self.block.len() + payload.len() > LARGEST_BLOCK {
            return Err(HeaderBlockRefusal);
        }
        if flags & END_HEADERS == 0 {
            self.block.extend_from_slice(payload);
        } else if self.block.is_empty() {
            self.read_block(payload)?;
        } else {
            let mut block = std::mem::take(&mut self.block);
            block.extend_from_slice(payload);
            self.read_block(&block)?;
        }
        // The memory is used again.
        self.frame = frame;
        self.frame.clear();
        Ok(())
    }

    /// Finds out whether a block that begins is a request's head or trailers: the streams of requests are numbered in order
    /// (RFC 9113, section 5.1.1).
    fn begin_block(&mut self, frame: &[u8]) {
        let stream = frame.get(5..9).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map_or(0, u32::from_be_bytes);
        let stream = stream & 0x7fff_ffff;
        self.is_trailers = stream <= self.newest_stream;
        self.newest_stream = self.newest_stream.max(stream);
    }

    fn read_block(&mut self, block: &[u8]) -> Result<(), HeaderBlockRefusal> {
        let mut trailers =
            self.is_trailers.then_some(TrailerBounds { fields: MOST_TRAILERS, bytes: self.most_trailer_bytes });
        self.names.read_block(block, trailers.as_mut())
    }
}

/// The fields and bytes that trailers may still have.
struct TrailerBounds {
    fields: usize,
    bytes: usize,
}

impl TrailerBounds {
    /// Counts a field; fails for a pseudo-field, and above the bounds.
    fn count(&mut self, is_pseudo: bool, bytes: usize) -> Result<(), HeaderBlockRefusal> {
        if is_pseudo {
            return Err(HeaderBlockRefusal);
        }
        self.fields = self.fields.checked_sub(1).ok_or(HeaderBlockRefusal)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or(HeaderBlockRefusal)?;
        Ok(())
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
    /// Reads a header block (RFC 7541, section 6), which is that of trailers where they are bounded.
    fn read_block(
        &mut self,
        mut block: &[u8],
        mut trailers: Option<&mut TrailerBounds>,
    ) -> Result<(), HeaderBlockRefusal> {
        while let Some(&first) = block.first() {
            match first {
                0x80.. => {
                    let index = read_integer(&mut block, 7)?;
                    if let Some(bounds) = trailers.as_deref_mut() {
                        let (name, bytes) = self.entry(index)?;
                        bounds.count(name.is_pseudo, bytes)?;
                    }
                }
                0x40.. => self.read_literal(&mut block, 6, true, trailers.as_deref_mut())?,
                0x20.. => {
                    self.limit = read_integer(&mut block, 5)?;
                    if self.limit > TABLE_BYTES {
                        return Err(HeaderBlockRefusal);
                    }
                    self.evict();
                }
                _ => self.read_literal(&mut block, 4, false, trailers.as_deref_mut())?,
            }
        }
        Ok(())
    }

    fn read_literal(
        &mut self,
        block: &mut &[u8],
        prefix: u32,
        is_kept: bool,
        trailers: Option<&mut TrailerBounds>,
    ) -> Result<(), HeaderBlockRefusal> {
        let name = match read_integer(block, prefix)? {
            0 => {
                let name = read_string(block)?.decode()?;
                FieldName { is_path: name == b":path", is_pseudo: name.starts_with(b":"), length: name.len() }
            }
            index => self.entry(index)?.0,
        };
        let value = read_string(block)?;
        if !is_kept && !name.is_path && trailers.is_none() {
            return Ok(());
        }
        let value = value.decode()?;
        if name.is_path && value.contains(&b'#') {
            return Err(HeaderBlockRefusal);
        }
        let bytes = name.length + value.len() + FIELD_OVERHEAD;
        if let Some(bounds) = trailers {
            bounds.count(name.is_pseudo, bytes)?;
        }
        if is_kept {
            self.entries.push_front(TableEntry { name, bytes });
            self.bytes += bytes;
            self.evict();
        }
        Ok(())
    }

    /// Returns the name of an entry, and the bytes that the whole entry counts for.
    fn entry(&self, index: usize) -> Result<(FieldName, usize), HeaderBlockRefusal> {
        let index_in_static = index.checked_sub(1).ok_or(HeaderBlockRefusal)?;
        if let Some(&length) = STATIC_NAMES.get(index_in_static) {
            let length = usize::from(length);
            let value = if index == STATIC_VALUE.0 { STATIC_VALUE.1 } else { 0 };
            let is_pseudo = index <= STATIC_PSEUDO_FIELDS;
            let name = FieldName { is_path: STATIC_PATHS.contains(&index), is_pseudo, length };
            return Ok((name, length + value + FIELD_OVERHEAD));
        }
        let entry = self.entries.get(index_in_static - STATIC_NAMES.len()).ok_or(HeaderBlockRefusal)?;
        Ok((entry.name, entry.bytes))
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
fn read_integer(block: &mut &[u8], prefix: u32) -> Result<usize, HeaderBlockRefusal> {
    const LARGEST: usize = 1 << 24;
    let mut next = || {
        let (&byte, rest) = block.split_first().ok_or(HeaderBlockRefusal)?;
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
    Err(HeaderBlockRefusal)
}

/// A string as it is written (RFC 7541, section 5.2).
struct WrittenString<'b> {
    is_huffman: bool,
    bytes: &'b [u8],
}

fn read_string<'b>(block: &mut &'b [u8]) -> Result<WrittenString<'b>, HeaderBlockRefusal> {
    let is_huffman = block.first().is_some_and(|first| first & 0x80 != 0);
    let length = read_integer(block, 7)?;
    let (bytes, rest) = block.split_at_checked(length).ok_or(HeaderBlockRefusal)?;
    *block = rest;
    Ok(WrittenString { is_huffman, bytes })
}

impl WrittenString<'_> {
    fn decode(&self) -> Result<Vec<u8>, HeaderBlockRefusal> {
        if self.is_huffman { decode_huffman(self.bytes).ok_or(HeaderBlockRefusal) } else { Ok(self.bytes.to_vec()) }
    }
}

#[cfg(test)]
mod tests;
