//! Dates as PDF writes them: `D:YYYYMMDDHHmmSSOHH'mm'` [ISO 32000-1 §7.9.4].

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The date in UTC, with whole seconds.
pub(crate) fn write(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("D:%Y%m%d%H%M%SZ").to_string()
}

/// Reads a date. What is left out is the earliest; without a zone it is taken as UTC.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits = text.bytes().take(14).take_while(u8::is_ascii_digit).count();
    if digits < 4 || digits % 2 != 0 {
        return None;
    }
    let part = |from: usize, to: usize, default: i16| match text.get(from..to) {
        Some(part) if to <= digits => part.parse().ok(),
        _ => Some(default),
    };
    let small = |from: usize, default: i16| i8::try_from(part(from, from + 2, default)?).ok();
    let time = DateTime::new(
        part(0, 4, 0)?,
        small(4, 1)?,
        small(6, 1)?,
        small(8, 0)?,
        small(10, 0)?,
        small(12, 0)?,
        0,
    )
    .ok()?;
    let time = time.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let zone = &text[digits..];
    let sign = match zone.as_bytes().first() {
        None | Some(b'Z') => return Some(time),
        Some(b'+') => -1,
        Some(b'-') => 1,
        Some(_) => return None,
    };
    let mut parts = zone[1..].split('\'').filter(|part| !part.is_empty());
    let mut number = |most: i64| -> Option<i64> {
        match parts.next() {
            None => Some(0),
            Some(part) => {
                part.parse().ok().filter(|value: &i64| part.len() == 2 && (0..=most).contains(value))
            }
        }
    };
    let (hours, minutes) = (number(23)?, number(59)?);
    time.checked_add(SignedDuration::from_mins(sign * (hours * 60 + minutes))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_and_written() {
        let noon: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(write(noon), "D:20261122120000Z");
        for text in
            ["D:20261122120000Z", "D:20261122120000", "D:20261122140000+02'00'", "20261122100000-02'00"]
        {
            assert_eq!(read(text), Some(noon), "{text}");
        }
        assert_eq!(read("D:2026"), Some("2026-01-01T00:00:00Z".parse().unwrap()));
        for text in [
            "",
            "D:",
            "D:20261",
            "D:20261322",
            "D:20261122120000+99'00'",
            "D:20261122120000x",
            "D:2026112212000é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
