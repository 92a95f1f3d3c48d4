//! The version in a container's name: what a name was made of comes back, and no name at all
//! gives anything but a part of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use windlass_sdk::containers::{REPLACED, version};
use windlass_sdk::steps::role_prefix;
use windlass_sdk::testing::{container, context};

fuzz_target!(|words: (&str, Option<&str>, &str, &str)| {
    let (service, destination, role, word) = words;
    let mut context = context("deploy");
    context.service = service.to_owned();
    context.destination = destination.map(str::to_owned);
    let prefix = role_prefix(&context, role);

    let made = container(format!("{prefix}-{word}"));
    let replaced = container(format!("{prefix}-{word}{REPLACED}0123456789abcdef"));
    assert_eq!(version(&context, &replaced, role), word);
    if !word.contains(REPLACED) {
        assert_eq!(version(&context, &made, role), word);
    }
    let foreign = container(word);
    assert!(word.contains(version(&context, &foreign, role)));
});
