//! Offsets from UTC, as numbers and as names of zones.
//!
//! Most abbreviations are ambiguous: `IST` is India, Israel or Ireland, `CST` is Chicago or China. The table has the
//! meaning that is most common in feeds of news.

/// Parses an offset: `Z`, `+01:00`, `-0530`, `+1`, `GMT+2`, `EST`. Returns seconds east of UTC.
///
/// An offset that no place has (over 18 hours) is 0, so that the time is kept.
pub(super) fn parse_offset(text: &str) -> Option<i32> {
    let name = text.trim_matches('.');
    if let Some(seconds) = offset_of_zone(name) {
        return Some(seconds);
    }
    let number = ["GMT", "UTC", "UT", "gmt", "utc"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+')?),
    };
    if number.chars().any(|c| !c.is_ascii_digit() && c != ':') {
        return None;
    }
    let digits = number.replace(':', "");
    let (hours, minutes) = match digits.len() {
        0 => return None,
        1 | 2 => (digits.as_str(), "0"),
        3 | 4 => digits.split_at_checked(digits.len() - 2)?,
        _ => (digits.get(..2)?, digits.get(2..4)?),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let exists = hours <= 18 && minutes < 60;
    Some(if exists { sign * (hours * 3600 + minutes * 60) } else { 0 })
}

/// The offset of a zone's usual abbreviation (RFC 822, 5.1, and others that feeds use), in any case. Where an
/// abbreviation has several meanings, the one most feeds use counts. Military letters mean nothing (RFC 5322, 4.3): 0.
fn offset_of_zone(name: &str) -> Option<i32> {
    let quarters = match name.to_ascii_uppercase().as_str() {
        "Z" | "UT" | "UTC" | "GMT" | "WET" | "UCT" | "ZULU" => 0,
        "BST" | "CET" | "MET" | "MEZ" | "WEST" | "WAT" => 4,
        "CEST" | "MEST" | "MESZ" | "EET" | "CAT" | "SAST" => 8,
        "EEST" | "MSK" | "EAT" | "TRT" => 12,
        "IRST" => 14,
        "MSD" | "GST" => 16,
        "PKT" => 20,
        "IST" => 22,
        "NPT" => 23,
        "ICT" | "WIB" => 28,
        "HKT" | "SGT" | "AWST" | "PHT" => 32,
        "JST" | "KST" => 36,
        "ACST" => 38,
        "AEST" => 40,
        "ACDT" => 42,
        "AEDT" => 44,
        "NZST" => 48,
        "NZDT" => 52,
        "NDT" => -10,
        "BRT" | "ART" | "ADT" => -12,
        "NST" => -14,
        "AST" | "EDT" | "ET" => -16,
        "EST" | "CDT" => -20,
        "CST" | "MDT" => -24,
        "MST" | "PDT" => -28,
        "PST" | "AKDT" | "PT" => -32,
        "AKST" => -36,
        "HST" => -40,
        letter if letter.len() == 1 && letter.bytes().all(|byte| byte.is_ascii_uppercase()) => 0,
        _ => return None,
    };
    Some(quarters * 900)
}
