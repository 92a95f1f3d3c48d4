//! Text to tree: values, places, aliases, merge keys, limits.

use serde_json::json;

use super::{read, tree};
use crate::config::erb::{self, Rendered};
use crate::config::source::Source;
use crate::config::{print, yaml};

#[track_caller]
fn at(text: &str, pointer: &str) -> (String, String) {
    let tree = tree(text);
    let show = |place: crate::model::problem::Place| text[place.span].to_owned();
    (tree.key_place(pointer).map(show).unwrap(), tree.place(pointer).map(show).unwrap())
}

#[test]
fn resolves_values_and_keeps_order_and_text() {
    let tree = tree(
        "z: yes\na: 1.10\nl: [0777, \"8\", ~, 2024-01-02]\nm:\n  on: 'off'\nt: !!str 5\nb: |\n  x\n  y\n",
    );
    let text = serde_json::to_string(&tree.to_json()).unwrap();
    assert_eq!(
        text,
        r#"{"z":true,"a":1.1,"l":[511,"8",null,"2024-01-02"],"m":{"on":"off"},"t":"5","b":"x\ny\n"}"#
    );
    assert_eq!(tree.get("/a").unwrap().scalar().unwrap().raw, "1.10");
}

#[test]
fn knows_where_things_stand() {
    let text = "# é\nservice: 'ä b'\nservers:\n  wéb:\n    hosts:\n      - 1.1.1.1\n\nx~/y: {a: [1, 22]}\n";
    assert_eq!(at(text, "/service"), ("service".into(), "'ä b'".into()));
    assert_eq!(at(text, "/servers/wéb/hosts/0"), ("1.1.1.1".into(), "1.1.1.1".into()));
    assert_eq!(at(text, "/servers/wéb"), ("wéb".into(), "hosts:\n      - 1.1.1.1".into()));
    assert_eq!(at(text, "/x~0~1y/a"), ("a".into(), "[1, 22]".into()));
    assert_eq!(at(text, "/x~0~1y/a/1").0, "22");
    let tree = tree(text);
    let place = tree.place("/servers/wéb/hosts/0").unwrap();
    assert_eq!((place.line, place.column), (6, 9));
    assert!(tree.place("/servers/nobody").is_none() && tree.place("/service/x").is_none());
    assert_eq!(tree.nearest_place("/servers/nobody/hosts"), tree.key_place("/servers"));
}

#[test]
fn tolerates_windows_files() {
    let text = "\u{feff}service: app\r\nservers:\r\n  - é\r\n  - b\r\n";
    assert_eq!(tree(text).to_json(), json!({"service": "app", "servers": ["é", "b"]}));
    assert_eq!(at(text, "/servers/1").1, "b");
    assert_eq!(at(text, "/service"), ("service".into(), "app".into()));
}

#[test]
fn resolves_aliases_and_merge_keys() {
    let text = "x-a: &a {p: 1, q: 2}\nx-b: &b {q: 3, r: 4}\none:\n  <<: *a\n  q: 9\ntwo:\n  <<: [*a, *b]\nsame: *a\nboth:\n  <<: *a\n  <<: *b\n";
    let tree = tree(text);
    assert_eq!(tree.get("/one").unwrap().to_json(), json!({"p": 1, "q": 9}));
    assert_eq!(tree.get("/two").unwrap().to_json(), json!({"p": 1, "q": 2, "r": 4}));
    assert_eq!(tree.get("/same").unwrap().to_json(), json!({"p": 1, "q": 2}));
    assert_eq!(tree.get("/both").unwrap().to_json(), json!({"p": 1, "q": 3, "r": 4}));
    // Used here, defined there.
    assert_eq!(at(text, "/same").1, "*a");
    assert_eq!(tree.place("/one/p").unwrap().line, 1);
    assert_eq!(tree.place("/one/q").unwrap().line, 5);
}

#[test]
fn a_late_merge_key_overrides_as_in_ruby_with_a_warning() {
    let text = "x-a: &a {p: 1}\none:\n  p: 2\n  <<: *a\n";
    let source = std::sync::Arc::new(Source::new("a.yml", text));
    let parsed = yaml::parse(&source, &Rendered::plain(text)).unwrap();
    assert_eq!(parsed.tree.get("/one").unwrap().to_json(), json!({"p": 1}));
    assert_eq!(parsed.warnings[0].message, "`<<` overrides `p`, which comes before it");
}

#[test]
fn a_quoted_merge_key_is_a_key() {
    assert_eq!(tree("a:\n  '<<': 1\n").to_json(), json!({"a": {"<<": 1}}));
}

#[test]
fn bounds_what_aliases_make() {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 9].join(", "));
    }
    let problems = read(&laughs).0.unwrap_err();
    assert_eq!(problems[0].message, "aliases expand to more than 100000 values");
    for deep in [
        "[".repeat(5000),
        "{a: ".repeat(5000),
        (0..200).map(|depth| " ".repeat(depth) + "a:\n").collect(),
    ] {
        assert!(read(&deep).0.is_err());
    }
    assert!(read("a: &a [*a]").0.is_err());
}

#[test]
fn spans_survive_erb() {
    let text = "service: <%= ENV['NAME'] %>\nimage: <%= ENV['NAME'] %>/x\nprot: 1\n";
    let source = std::sync::Arc::new(Source::new("a.yml", text));
    let env = [("NAME".to_owned(), "a-much-longer-name-é".to_owned())].into();
    let world = erb::World { env: &env, read: &|_| unreachable!(), run: &|_| unreachable!() };
    let tree = yaml::parse(&source, &erb::render(&source, &world).unwrap()).unwrap().tree;
    assert_eq!(tree.to_json()["image"], "a-much-longer-name-é/x");
    assert_eq!(&text[tree.place("/service").unwrap().span], "<%= ENV['NAME'] %>");
    assert_eq!(&text[tree.place("/image").unwrap().span], "<%= ENV['NAME'] %>/x");
    assert_eq!(tree.key_place("/prot").unwrap().line, 3);
}

#[test]
fn prints_what_it_read() {
    let text = "a: 'yes'\nb: [1, '1', 1.5, ~, true]\nc: 'a: b'\nd: \"x\\ny\\n\"\ne: {}\nf: '22:22'\n'on': '0777'\n";
    let value = tree(text).to_json();
    let printed = print::print(&value).unwrap();
    assert_eq!(tree(&printed).to_json(), value, "{printed}");
    assert!(printed.contains("\"on\": "), "{printed}");
    assert_eq!(print::print(&json!({})).unwrap(), "{}\n");
}
