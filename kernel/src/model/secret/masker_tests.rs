//! Laws of the masker.

use proptest::prelude::*;

use super::*;

fn masker(values: &[&str]) -> Masker {
    let mut masker = Masker::default();
    masker.extend(values.iter().map(|value| ("NAME", *value)));
    masker
}

fn in_chunks(masker: &Masker, bytes: &[u8], sizes: &[usize]) -> Vec<u8> {
    let (mut masker, mut out, mut rest) = (masker.fresh(), Vec::new(), bytes);
    for size in sizes.iter().copied().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, tail) = rest.split_at(size.clamp(1, rest.len()));
        out.extend(masker.mask(chunk));
        rest = tail;
    }
    out.extend(masker.finish());
    out
}

#[test]
fn masks_every_encoding() {
    let value = "pä'ss $w\"or\\d/\n#2";
    let masker = masker(&[value]);
    for shown in [
        "pä'ss $w\"or\\d/\n#2",
        "cMOkJ3NzICR3Im9yXGQvCiMy",
        "eHDDpCdzcyAkdyJvclxkLwojMg==",
        "70c3a4277373202477226f725c642f0a2332",
        "p%C3%A4%27ss%20%24w%22or%5Cd%2F%0A%232",
        "p%c3%a4%27ss+%24w%22or%5cd%2f%0a%232",
        r#"pä'ss $w\"or\\d/\n#2"#,
        r#"p\u00e4'ss $w\"or\\d/\n#2"#,
        "pä'\\''ss $w\"or\\d/\n#2",
        "pä'ss \\$w\\\"or\\\\d/\n#2",
        "log: pä'ss $w\"or\\d/",
    ] {
        let masked = masker.mask_str(shown);
        assert!(masked.contains(MASK), "{shown} gave {masked}");
        assert!(!masked.contains("or\\d") && !masked.contains("Im9y"), "{shown} gave {masked}");
    }
}

#[test]
fn base64_inside_longer_text() {
    // base64 of `user:correct horse`, `x:correct horse` and `correct horse`.
    let masker = masker(&["correct horse"]);
    for shown in ["dXNlcjpjb3JyZWN0IGhvcnNl", "eDpjb3JyZWN0IGhvcnNl", "Y29ycmVjdCBob3JzZQ=="] {
        let masked = masker.mask_str(shown);
        assert!(masked.len() < MASK.len() + 8 && masked.contains(MASK), "{shown} gave {masked}");
    }
}

#[test]
fn holds_back_no_more_than_needed() {
    let mut masker = masker(&["sesame"]);
    assert_eq!(masker.mask(b"open se"), b"open ");
    assert_eq!(masker.mask(b"lf"), b"self");
    assert_eq!(masker.mask(b"sesame"), MASK.as_bytes());
    assert_eq!(masker.finish(), b"");
}

#[test]
fn covers_overlapping_secrets_with_one_mask() {
    let masker = masker(&["abcdef", "defghi", "zzzz"]);
    assert_eq!(masker.mask_str("-abcdefghi-"), format!("-{MASK}-"));
    assert_eq!(masker.mask_str("-zzzzzzz-"), format!("-{MASK}-"));
    assert_eq!(masker.mask_str("-abcdefzzzz-"), format!("-{MASK}-"));
}

#[test]
fn names_short_values_and_learns_later() {
    let mut masker = masker(&["abc", ""]);
    assert_eq!(masker.short(), ["NAME"]);
    assert_eq!(masker.mask_str("abc later"), "abc later");
    assert_eq!(masker.mask(b"xx lat"), b"xx lat");
    masker.add("LATER", "later");
    assert_eq!(masker.mask(b"er later"), format!("er {MASK}").as_bytes());
}

#[test]
fn what_one_stream_learns_all_know() {
    let mut first = Masker::default();
    let mut second = first.fresh();
    first.add("TOKEN", "sesame");
    assert_eq!(second.mask(b"open sesame."), format!("open {MASK}.").as_bytes());
}

#[test]
fn lines_of_a_long_value_are_masked_alone() {
    let masker = masker(&["-----BEGIN-----\r\n  c2VjcmV0\n-----END-----\n"]);
    assert_eq!(masker.mask_str("got c2VjcmV0!"), format!("got {MASK}!"));
}

proptest! {
    /// A few letters only, so that secrets, overlaps and near misses are frequent.
    #[test]
    fn chunks_do_not_matter(
        values in prop::collection::vec("[ab'$ \n]{4,7}", 1..4),
        text in "[ab'$ \n]{0,60}",
        sizes in prop::collection::vec(1..9_usize, 1..6),
    ) {
        let masker = masker(&values.iter().map(String::as_str).collect::<Vec<_>>());
        let whole = masker.mask_str(&text);
        prop_assert_eq!(String::from_utf8(in_chunks(&masker, text.as_bytes(), &sizes)).unwrap(), whole);
    }

    #[test]
    fn no_value_survives(
        value in "[ -~é\n]{4,40}",
        before in "[ -~\n]{0,20}",
        after in "[ -~\n]{0,20}",
        sizes in prop::collection::vec(1..50_usize, 1..6),
    ) {
        let masker = masker(&[&value]);
        let text = format!("{before}{value}{after}");
        let masked = String::from_utf8(in_chunks(&masker, text.as_bytes(), &sizes)).unwrap();
        let left = masked.replace(MASK, "\0");
        prop_assert!(!left.contains(&value), "{:?} in {:?}", value, left);
        prop_assert!(masked.contains(MASK));
    }

    #[test]
    fn text_without_secrets_is_untouched(text in "[a-m \n]{0,80}", sizes in prop::collection::vec(1..9_usize, 1..4)) {
        let masker = masker(&["NOPQ-RSTU"]);
        prop_assert_eq!(String::from_utf8(in_chunks(&masker, text.as_bytes(), &sizes)).unwrap(), text);
    }
}
