//! The deploy lock: a directory on the primary host, in Kamal's place and layout, with a
//! lease that a live client renews; and the fence of every host, which a client that lost
//! the lock cannot pass.
//!
//! [`script`] writes what runs on the host, [`LockAnswer`] is what it says, [`lease`] renews.

pub mod details;
pub mod lease;
pub mod script;

#[cfg(test)]
mod tests;

pub use details::Details;
pub use lease::Renewal;

/// How long a lease lasts without renewal, in seconds.
pub const LEASE_S: u64 = 30;
/// How often it is renewed, in seconds.
pub const RENEW_S: u64 = 10;
/// A lock directory that stays empty for this long was left by a client that died between
/// making it and signing it. Seconds.
pub const ABANDONED_S: u64 = 30;

/// What a host said about its lock or its fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockAnswer {
    /// Ours now; with the details of the one who had it, if a dead client's was taken over.
    Acquired {
        taken_over_from: Option<Details>,
    },
    /// Somebody has it; the lease ends in so many seconds, or never.
    Held {
        by: Details,
        lease_s: Option<i64>,
    },
    /// There is none.
    Free,
    Released,
    Renewed,
    /// It is not ours any more.
    Lost,
    /// The fence stands at our number.
    Raised {
        number: u64,
    },
    /// The fence already stands at this number, which is not below ours.
    Larger {
        number: u64,
    },
    /// A script of an earlier run holds the fence and did not end when asked.
    Busy,
}

impl LockAnswer {
    /// Reads the words of an event; none if it is none of ours.
    pub fn read(words: &[String]) -> Option<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(match words.as_slice() {
            ["lock", "acquired"] => Self::Acquired { taken_over_from: None },
            ["lock", "taken", details @ ..] => {
                Self::Acquired { taken_over_from: Some(Details::decode(&details.concat())) }
            }
            ["lock", "held", left, details @ ..] => Self::Held {
                by: Details::decode(&details.concat()),
                lease_s: left.parse::<i64>().ok().map(|left| left.div_euclid(100).max(0)),
            },
            ["lock", "free"] => Self::Free,
            ["lock", "released"] => Self::Released,
            ["lock", "renewed"] => Self::Renewed,
            ["lock", "lost"] => Self::Lost,
            ["raised", number] => Self::Raised { number: number.parse().ok()? },
            ["larger", number] => Self::Larger { number: number.parse().ok()? },
            ["fence", "busy"] => Self::Busy,
            _ => return None,
        })
    }
}
