//! Any bytes as deploy.yml, with a destination behind a line `=====`: loaded or refused with
//! problems that can be drawn; and what was loaded can be printed and reads back the same.

#![no_main]

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use windlass_fuzz::config::load::{LoadOptions, load};
use windlass_fuzz::config::{draw, ownership, print};

fuzz_target!(|bytes: &[u8]| {
    let mark = b"\n=====\n";
    let cut = bytes.windows(mark.len()).position(|window| window == mark);
    let (base, over) = match cut {
        Some(at) => (&bytes[..at], Some(&bytes[at + mark.len()..])),
        None => (bytes, None),
    };
    let read = |path: &Path| match path.to_str() {
        Some("deploy.yml") => Ok(base.to_vec()),
        Some("deploy.over.yml") => Ok(over.unwrap_or_default().to_vec()),
        Some("note") => Ok(b"a note\n".to_vec()),
        _ => Err(Error::from(ErrorKind::NotFound)),
    };
    let env = BTreeMap::from([("X".to_owned(), "a b: c".to_owned())]);
    let options = LoadOptions {
        path: Path::new("deploy.yml"),
        destination: over.map(|_| "over"),
        version: None,
        env: &env,
        read: &read,
        foreign: &[],
        allow_commands: false,
        run: &|command| Ok(command.to_owned()),
    };
    match load(&options) {
        Ok(loaded) => {
            let problems = ownership::check(&loaded.tree, &[], &[]);
            draw::draw(&problems, &loaded.sources, false);
            print::print(&loaded.project.config).expect("a tree can be printed");
        }
        Err(failed) => {
            assert!(!failed.problems.is_empty());
            draw::draw(&failed.problems, &failed.sources, true);
        }
    }
});
