//! How much of a sweep is done. The whole of it takes minutes, which `cargo xtask soak` has; the
//! ordinary tests do an eighth, another one for every commit.

/// The parts that a sweep is cut into.
const PARTS: usize = 8;

/// The part of this commit, given by `cargo xtask` as a number; None for all parts.
fn part() -> Option<usize> {
    match std::env::var("WINDLASS_SAMPLE") {
        Ok(all) if all == "all" => None,
        Ok(number) => Some(number.parse::<usize>().expect("a number or `all`") % PARTS),
        Err(_) => Some(0),
    }
}

/// The places of a sweep over `count` places that are tried.
pub fn places(count: usize) -> impl Iterator<Item = usize> {
    let part = part();
    (0..count).filter(move |place| part.is_none_or(|part| place % PARTS == part))
}

/// The cases of a property that costs two deploys each; `PROPTEST_CASES` asks for more.
pub fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    asked.unwrap_or(if part().is_some() { 24 } else { 256 })
}

#[test]
fn the_parts_make_up_the_whole() {
    let count = places(10 * PARTS).count();
    assert!(count == 10 || count == 10 * PARTS, "{count}");
}
