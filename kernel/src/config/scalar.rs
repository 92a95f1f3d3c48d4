//! Plain scalars as YAML 1.1 and Ruby's Psych read them, quirks included: the
//! same file must mean the same to Kamal and to us.

use super::tree::Data;

/// What an unquoted scalar means.
///
/// Dates stay text. An integer that does not fit 64 bits stays text too.
pub fn plain(raw: &str) -> Data {
    let text = || Data::Text(raw.to_owned());
    if raw.contains('\n') {
        return text();
    }
    if let Some(word) = word(raw) {
        return word;
    }
    if let Some(value) = integer(raw) {
        return value.map_or_else(text, Data::Int);
    }
    if let Some(value) = float(raw).or_else(|| special_float(raw)) {
        return Data::Float(value);
    }
    if let Some(value) = sexagesimal(raw) {
        return value;
    }
    match raw.strip_prefix(':') {
        // A Ruby symbol; everything that reads it turns it into its name.
        Some(name) if !name.is_empty() => Data::Text(name.trim_matches(['"', '\'']).to_owned()),
        _ => text(),
    }
}

/// `~`, null and the six booleans. `y` and `n` are text to Psych.
fn word(raw: &str) -> Option<Data> {
    if raw.len() > 5 {
        return None;
    }
    match raw.to_ascii_lowercase().as_str() {
        "" | "~" | "null" => Some(Data::Null),
        "yes" | "true" | "on" => Some(Data::Bool(true)),
        "no" | "false" | "off" => Some(Data::Bool(false)),
        _ => None,
    }
}

fn unsigned(raw: &str) -> (bool, &str) {
    match raw.as_bytes().first() {
        Some(b'-') => (true, &raw[1..]),
        Some(b'+') => (false, &raw[1..]),
        _ => (false, raw),
    }
}

/// `Some(None)` is an integer too large for us.
fn integer(raw: &str) -> Option<Option<i64>> {
    let (negative, digits) = unsigned(raw);
    let (radix, body) = if let Some(body) = digits.strip_prefix("0b") {
        (2, body)
    } else if let Some(body) = digits.strip_prefix("0x") {
        (16, body)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        if !digits.starts_with(|first: char| first.is_ascii_digit()) || digits.ends_with([',', '_'])
        {
            return None;
        }
        // `1,,000` is no number, `1_000` and `1,000` are.
        if digits.as_bytes().windows(2).any(|pair| pair.iter().all(|byte| b",_".contains(byte))) {
            return None;
        }
        (10, digits)
    };
    let clean: String = body.chars().filter(|letter| !matches!(letter, '_' | ',')).collect();
    if clean.is_empty() || !clean.chars().all(|letter| letter.is_digit(radix)) {
        return None;
    }
    let signed = if negative { format!("-{clean}") } else { clean };
    Some(i64::from_str_radix(&signed, radix).ok())
}

/// `1.5`, `.5`, `1.`, `1_000.5`, `1.5e+3`; Psych wants the dot and the exponent's sign.
fn float(raw: &str) -> Option<f64> {
    let (_, body) = unsigned(raw);
    let (mantissa, exponent) = match body.find(['e', 'E']) {
        Some(at) => (&body[..at], Some(&body[at + 1..])),
        None => (body, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let whole_fits = whole.is_empty() || whole.starts_with(|first: char| first.is_ascii_digit());
    let whole_clean =
        whole.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, '_' | ','));
    let fraction_clean = fraction.chars().all(|letter| letter.is_ascii_digit());
    let exponent_clean = exponent.is_none_or(|text| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|letter| letter.is_ascii_digit())
    });
    if !(whole_fits && whole_clean && fraction_clean && exponent_clean)
        || (whole.is_empty() && fraction.is_empty())
    {
        return None;
    }
    let clean: String = raw.chars().filter(|letter| !matches!(letter, '_' | ',')).collect();
    clean.parse().ok()
}

fn special_float(raw: &str) -> Option<f64> {
    match raw.to_ascii_lowercase().as_str() {
        ".inf" | "+.inf" => Some(f64::INFINITY),
        "-.inf" => Some(f64::NEG_INFINITY),
        ".nan" => Some(f64::NAN),
        _ => None,
    }
}

/// `12:30:45` in base 60. Psych reads two parts as hours and minutes, so that
/// `12:30` is 45000 and a port mapping such as `22:22` is a number.
fn sexagesimal(raw: &str) -> Option<Data> {
    let (negative, body) = unsigned(raw);
    let (body, fraction) = match body.split_once('.') {
        Some((body, fraction)) => (body, Some(fraction)),
        None => (body, None),
    };
    let parts: Vec<&str> = body.split(':').collect();
    let number = |text: &str| {
        text.chars().filter(|letter| *letter != '_').collect::<String>().parse::<i64>().ok()
    };
    let digits = |text: &str, extra: &str| {
        !text.is_empty()
            && text.chars().all(|letter| letter.is_ascii_digit() || extra.contains(letter))
    };
    if !(2..=3).contains(&parts.len())
        || !digits(parts[0], "_")
        || !parts[0].starts_with(|first: char| first.is_ascii_digit())
    {
        return None;
    }
    let mut total = number(parts[0])?.checked_mul(3600)?;
    for (part, factor) in parts[1..].iter().zip([60, 1]) {
        if part.len() > 2 || !digits(part, "") || number(part)? > 59 {
            return None;
        }
        total = total.checked_add(number(part)? * factor)?;
    }
    let total = if negative { -total } else { total };
    match fraction {
        None => Some(Data::Int(total)),
        Some(fraction) if fraction.is_empty() || digits(fraction, "_") => {
            let fraction: f64 = format!("0.{}", fraction.replace('_', "")).parse().ok()?;
            Some(Data::Float(total as f64 + if negative { -fraction } else { fraction }))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cases: &[(&str, Data)]) {
        for (raw, data) in cases {
            assert_eq!(plain(raw), *data, "{raw}");
        }
    }

    #[test]
    fn words() {
        for (words, data) in [
            ("~ null Null NULL", Data::Null),
            ("yes Yes true on ON", Data::Bool(true)),
            ("no NO false off", Data::Bool(false)),
        ] {
            for word in words.split(' ') {
                assert_eq!(plain(word), data, "{word}");
            }
        }
        check(&[
            ("", Data::Null),
            ("y", Data::Text("y".into())),
            ("None", Data::Text("None".into())),
        ]);
    }

    #[test]
    fn integers() {
        check(&[
            ("0", Data::Int(0)),
            ("-12", Data::Int(-12)),
            ("+7", Data::Int(7)),
            ("0777", Data::Int(511)),
            ("0b101", Data::Int(5)),
            ("0x1F", Data::Int(31)),
            ("1_000", Data::Int(1000)),
            ("1,000", Data::Int(1000)),
            ("12:30:45", Data::Int(45045)),
            ("12:30", Data::Int(45000)),
            ("22:22", Data::Int(80520)),
        ]);
    }

    #[test]
    fn floats() {
        check(&[
            ("1.10", Data::Float(1.1)),
            (".5", Data::Float(0.5)),
            ("1.", Data::Float(1.0)),
            ("-1_000.5", Data::Float(-1000.5)),
            ("1.5e+3", Data::Float(1500.0)),
            (".inf", Data::Float(f64::INFINITY)),
        ]);
    }

    #[test]
    fn texts() {
        for raw in [
            "08",
            "1__0",
            "1e3",
            "1.5e3",
            "1.2.3",
            "10.0.0.1",
            ".",
            "-",
            "-.",
            "0x",
            "80:80",
            "3000:3000",
            "2024-01-02",
            "2024-01-02 10:00:00",
            "1.10-alpine",
            "99999999999999999999",
            "app:1.10",
            "1:2:3:4",
            "a\nb",
            "é",
        ] {
            assert_eq!(plain(raw), Data::Text(raw.to_owned()), "{raw}");
        }
        check(&[(":sym", Data::Text("sym".into())), (":", Data::Text(":".into()))]);
    }
}
