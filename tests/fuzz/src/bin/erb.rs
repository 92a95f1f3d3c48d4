//! Any text with ERB, and the same text as the code of one tag: it has a result, or problems
//! with places inside it; and every place of a result leads back into the text.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use windlass_fuzz::config::erb::{World, render};
use windlass_fuzz::config::source::Source;

fuzz_target!(|text: &str| {
    check(text);
    check(&format!("a: <%= {text} %>\n"));
    check(&format!("<% if {text} %>a<% else %>b<% end %>\n"));
});

fn check(text: &str) {
    let env = BTreeMap::from([("X", "value"), ("L", "a, b"), ("E", "")])
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let world = World {
        env: &env,
        read: &|path| Ok(format!("{path}\n")),
        run: &|command| Ok(format!("{command}\n")),
    };
    match render(&Source::new("a.yml", text), &world) {
        Ok(rendered) => {
            let length = rendered.text().len();
            let mut before = 0;
            for at in (0..length).filter(|at| rendered.text().is_char_boundary(*at)) {
                let original = rendered.original(at..length);
                assert!(original.start >= before && original.end <= text.len());
                assert!(text.is_char_boundary(original.start));
                before = original.start;
            }
            if !text.contains("<%") {
                assert_eq!(rendered.text(), text);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
                assert!(text.get(place.span.clone()).is_some());
            }
        }
    }
}
