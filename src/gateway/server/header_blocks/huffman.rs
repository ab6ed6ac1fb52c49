//! The Huffman code of HPACK (RFC 7541, section 5.2 and appendix B).

/// The lengths of the codes of all bytes, in bits (RFC 7541, appendix B).
#[rustfmt::skip]
const CODE_BITS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];

const LONGEST_CODE: usize = 30;

#[expect(clippy::cast_possible_truncation, reason = "there are 256 bytes")]
/// The bytes in the order of their codes, which is that of the lengths and then of the bytes, as the code is canonical.
const CODED: [u8; 256] = {
    let mut coded = [0; 256];
    let (mut place, mut bits) = (0, 1);
    while bits <= LONGEST_CODE {
        let mut byte = 0;
        while byte < 256 {
            if CODE_BITS[byte] as usize == bits {
                coded[place] = byte as u8;
                place += 1;
            }
            byte += 1;
        }
        bits += 1;
    }
    coded
};

/// Number of bytes that have a code of each length.
const CODES: [u32; LONGEST_CODE + 1] = {
    let mut codes = [0; LONGEST_CODE + 1];
    let mut byte = 0;
    while byte < 256 {
        codes[CODE_BITS[byte] as usize] += 1;
        byte += 1;
    }
    codes
};

/// Decodes a string bit by bit; the bits that are left over are padding. `None` where a code is none.
pub(super) fn decode_huffman(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(bytes.len() * 8 / 5);
    // The code that is being read, the first code of its length, and the place of that one's byte.
    let (mut code, mut first, mut place, mut length) = (0_u32, 0_u32, 0_u32, 0_usize);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)) {
        (code, first, length) = (code << 1 | u32::from(bit), first << 1, length + 1);
        let count = CODES.get(length).copied()?;
        if code - first < count {
            let byte = CODED.get((place + code - first) as usize).copied()?;
            decoded.push(byte);
            (code, first, place, length) = (0, 0, 0, 0);
        } else {
            (first, place) = (first + count, place + count);
        }
    }
    Some(decoded)
}
