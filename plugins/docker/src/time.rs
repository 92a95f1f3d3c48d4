//! Points in time as engines write them, made comparable as text.

/// RFC 3339 in UTC with nine digits of fraction, so that the order of the texts is the order
/// of the times. Engines leave out trailing zeros, and image builders may name another zone.
pub fn utc(stamp: &str) -> Option<String> {
    let (date, rest) = stamp.trim().split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|n| n.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let zone_at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = rest.split_at(zone_at);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let (hour, minute, second) = clock_of(clock)?;
    let fits = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && fraction.len() <= 9
        && fraction.chars().all(|c| c.is_ascii_digit());
    if !fits {
        return None;
    }
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let (hours, minutes, _) = clock_of(&zone[1..])?;
            let seconds = hours * 3600 + minutes * 60;
            if zone.starts_with('-') { -seconds } else { seconds }
        }
    };
    let seconds =
        days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    let (year, month, day) = civil_from_days(seconds.div_euclid(86400));
    let left = seconds.rem_euclid(86400);
    let (hour, minute, second) = (left / 3600, left / 60 % 60, left % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:0<9}Z"))
}

/// `HH:MM[:SS]`.
fn clock_of(clock: &str) -> Option<(i64, i64, i64)> {
    let mut parts = clock.splitn(3, ':');
    let mut next = |below: i64| match parts.next() {
        Some(n) => n.parse::<i64>().ok().filter(|n| (0..below).contains(n)),
        None => Some(0),
    };
    Some((next(24)?, next(60)?, next(61)?))
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The reverse.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + days.div_euclid(146_097) * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_texts_is_the_order_of_times() {
        let utc = |stamp| utc(stamp).unwrap();
        assert_eq!(utc("2023-11-23T13:00:00Z"), "2023-11-23T13:00:00.000000000Z");
        assert_eq!(utc("2024-03-01T01:30:00.5+02:00"), "2024-02-29T23:30:00.500000000Z");
        assert_eq!(utc("1999-12-31T23:59:59-00:30"), "2000-01-01T00:29:59.000000000Z");
        assert_eq!(utc("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000000000Z");
        assert!(utc("2023-11-23T13:00:00.12Z") < utc("2023-11-23T13:00:00.123Z"));
    }

    #[test]
    fn the_calendar_is_reversible() {
        for days in (-800_000..800_000).step_by(17) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for stamp in ["", "yesterday", "2023-11-23", "2023-13-01T00:00:00Z", "2023-11-23T25:00:00Z"]
        {
            assert_eq!(utc(stamp), None, "{stamp}");
        }
    }
}
