//! Archives with fixed times, owners and modes, so that the same files are the same bytes: zip (wheels, jars) and tar
//! in gzip (sdists, npm).
//!
//! Both are stored without compression: packages of text are small, every reader takes them, and no compressor's
//! version changes their bytes.

/// 1980-01-01, the first day that a zip can name, in its own encoding.
const ZIP_DATE: u16 = 0x21;
/// The same day for tar, in seconds since 1970.
const TAR_TIME: u64 = 315_532_800;
/// The most bytes in a stored block of deflate (RFC 1951, section 3.2.4).
const LARGEST_BLOCK: usize = 65_535;

/// Writes a zip archive (APPNOTE 6.3.3, without extensions) of files by path.
pub(super) fn zip(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for (path, bytes) in files {
        let offset = archive.len();
        let mut fields = Vec::new();
        // Bit 11: the name is UTF-8.
        for field in [20, 1 << 11, 0, 0, ZIP_DATE] {
            fields.extend(field.to_le_bytes());
        }
        for field in [crc32(bytes), length(bytes.len()), length(bytes.len())] {
            fields.extend(field.to_le_bytes());
        }
        fields.extend(short(path.len()).to_le_bytes());
        fields.extend(0_u16.to_le_bytes());
        archive.extend(b"PK\x03\x04");
        archive.extend(&fields);
        archive.extend(path.as_bytes());
        archive.extend(bytes);
        directory.extend(b"PK\x01\x02");
        // Made by Unix, so that the mode counts.
        directory.extend(0x0314_u16.to_le_bytes());
        directory.extend(&fields);
        // No comment, on the first disk, of no kind.
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend(length(offset).to_le_bytes());
        directory.extend(path.as_bytes());
    }
    let (start, size, count) = (length(archive.len()), length(directory.len()), short(files.len()));
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    archive.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    archive.extend(0_u16.to_le_bytes());
    archive
}

/// Writes a tar archive (POSIX ustar) in gzip (RFC 1952) of files by path.
pub(super) fn tar_gz(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (path, bytes) in files {
        tar.extend(tar_header(path, bytes.len()));
        tar.extend(bytes);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    gzip(&tar)
}

fn tar_header(path: &str, size: usize) -> [u8; 512] {
    let mut header = [0; 512];
    let (prefix, name) = split_path(path);
    let size = format!("{size:011o}\0");
    let time = format!("{TAR_TIME:011o}\0");
    let fields: [(usize, &[u8]); 9] = [
        (0, name.as_bytes()),
        (100, b"0000644\0"),
        (108, b"0000000\0"),
        (116, b"0000000\0"),
        (124, size.as_bytes()),
        (136, time.as_bytes()),
        (148, b"        0"),
        (257, b"ustar\x0000"),
        (345, prefix.as_bytes()),
    ];
    for (at, field) in fields {
        header.iter_mut().skip(at).zip(field).for_each(|(to, from)| *to = *from);
    }
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    header.iter_mut().skip(148).zip(sum.as_bytes()).for_each(|(to, from)| *to = *from);
    header
}

/// Splits a path at a slash so that its end fits a header's name of 100 bytes.
fn split_path(path: &str) -> (&str, &str) {
    if path.len() <= 100 {
        return ("", path);
    }
    let fits = |at: &usize| path.len() - at - 1 <= 100;
    path.match_indices('/').map(|(at, _)| at).find(fits).map_or(("", path), |at| {
        let (prefix, rest) = path.split_at(at);
        (prefix, rest.trim_start_matches('/'))
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut archive = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    let mut blocks = bytes.chunks(LARGEST_BLOCK).peekable();
    while let Some(block) = blocks.next() {
        archive.push(u8::from(blocks.peek().is_none()));
        let length = short(block.len());
        archive.extend(length.to_le_bytes());
        archive.extend((!length).to_le_bytes());
        archive.extend(block);
    }
    archive.extend(crc32(bytes).to_le_bytes());
    archive.extend(length(bytes.len()).to_le_bytes());
    archive
}

/// Computes the checksum of zip and gzip (RFC 1952, section 8).
fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|index| {
        let start = u32::try_from(index).unwrap_or_default();
        (0..8).fold(start, |sum, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 })
    });
    let step = |sum: u32, byte: &u8| {
        let index = (sum ^ u32::from(*byte)) & 0xff;
        table.get(index as usize).copied().unwrap_or_default() ^ (sum >> 8)
    };
    !bytes.iter().fold(!0, step)
}

/// Returns a length for a field of four bytes; a package is never that large.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn long_paths_are_split_at_a_slash() {
        let path = format!("{}/{}", "a".repeat(90), "b".repeat(90));
        assert_eq!(split_path(&path), ("a".repeat(90).as_str(), "b".repeat(90).as_str()));
        assert_eq!(split_path("a/b"), ("", "a/b"));
    }

    #[test]
    fn archives_of_the_same_files_are_the_same_bytes() {
        let files = vec![("a/b.txt".to_owned(), b"hello".to_vec()), ("c".to_owned(), vec![7; 70_000])];
        assert_eq!(zip(&files), zip(&files));
        let archive = tar_gz(&files);
        assert_eq!(archive.get(..3), Some(b"\x1f\x8b\x08".as_slice()));
        assert!(archive.windows(5).any(|window| window == b"ustar"));
    }
}
