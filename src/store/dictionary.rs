//! What the pages of a source have in common, and pages packed with it.
//!
//! Menus, scripts and styles come again with every page of a site. A dictionary is made of the pieces that several
//! pages have, word for word, and of nothing else: what one page alone says is not in it, so that it may outlive the
//! pages it was made of. To zstd it is text that stood before the page. (A dictionary that zstd trains, or a whole page,
//! would hold passages of articles.)

use std::collections::{HashMap, HashSet};
use std::io::{self, Read as _};

use zstd::zstd_safe::CParameter;

use crate::content_coding;

/// Bytes of a dictionary, at most.
pub(super) const LARGEST: usize = 256 << 10;

/// Pages that a dictionary is made of, at least; and that must have a piece for it to be in there, at least.
pub(super) const SEVERAL: usize = 3;

/// One in so many pages must have a piece.
const SHARE: usize = 4;

/// Bytes of a piece, at least.
const PIECE: usize = 8;

/// Level of zstd. Higher ones make a page one to six hundredths smaller in two to twenty times the time.
const LEVEL: i32 = 9;

/// Largest window, as a power of two: that of 8 MiB, as for pages on their way (RFC 9659).
const WINDOW: u32 = 23;

/// The pieces that several of the pages have, those of the last page first; empty where there are none.
pub(super) fn common(pages: &[&[u8]]) -> Vec<u8> {
    let least = SEVERAL.max(pages.len().div_ceil(SHARE));
    // In how many pages a piece was seen, and the last of them.
    let mut seen: HashMap<&[u8], (usize, usize)> = HashMap::new();
    for (at, page) in pages.iter().enumerate() {
        for piece in pieces(page) {
            let (count, last) = seen.entry(piece).or_insert((0, usize::MAX));
            if *last != at {
                (*count, *last) = (*count + 1, at);
            }
        }
    }
    let mut taken = HashSet::new();
    let mut common = Vec::new();
    for page in pages.iter().rev() {
        for piece in pieces(page) {
            let is_common = seen.get(piece).is_some_and(|&(count, _)| count >= least);
            if is_common && taken.insert(piece) {
                if common.len() + piece.len() > LARGEST {
                    return common;
                }
                common.extend_from_slice(piece);
            }
        }
    }
    common
}

/// A page in pieces: tags, lines, and what stands between signs that part things in scripts and styles.
fn pieces(page: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let end = rest
            .iter()
            .zip(rest.iter().skip(1).chain([&b'<']))
            .skip(PIECE - 1)
            .position(|(byte, next)| matches!(byte, b'>' | b'\n' | b',' | b';' | b'}') || *next == b'<')
            .map_or(rest.len(), |at| at + PIECE);
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Packs a page, with a dictionary or alone. A checksum tells a wrong dictionary from the right one.
pub(super) fn packed(page: &[u8], dictionary: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    if let Some(dictionary) = dictionary {
        compressor
            .context_mut()
            .ref_prefix(dictionary)
            .map_err(|code| io::Error::other(zstd::zstd_safe::get_error_name(code)))?;
    }
    let mut packed = compressor.compress(page)?;
    packed.shrink_to_fit();
    Ok(packed)
}

/// What [`packed`] packed with a dictionary; an error where that is not of this length.
pub(super) fn unpacked(body: &[u8], dictionary: &[u8], length: usize) -> io::Result<Vec<u8>> {
    let mut decoder = zstd::stream::read::Decoder::with_ref_prefix(body, dictionary)?;
    decoder.window_log_max(WINDOW)?;
    let mut page = Vec::with_capacity(length.min(1 << 20));
    decoder.take(length as u64 + 1).read_to_end(&mut page)?;
    if page.len() != length {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} bytes instead of {length}", page.len()),
        ));
    }
    Ok(page)
}

/// A dictionary as it is stored, unpacked.
pub(super) fn stored(body: &[u8], length: i64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).ok().filter(|&length| length <= LARGEST);
    let length =
        length.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a dictionary of no such length"))?;
    content_coding::decoded("zstd", body, length)
}
