//! Forms with their values, forms that are refused, and places that survive.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn env() -> BTreeMap<String, String> {
    [
        ("X", "value"),
        ("EMPTY", ""),
        ("N", " 12ab "),
        ("HOSTS", "10.0.0.1, 10.0.0.2"),
        ("Q", "a\"b\\c\n"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn run(text: &str) -> Result<String, String> {
    let source = Source::new("a.yml", text);
    let env = env();
    let world = World {
        env: &env,
        read: &|path| match path {
            ".ruby-version" => Ok("3.3.4\n".to_owned()),
            _ => Err(Box::new(Problem::error(format!("{path} does not exist")))),
        },
        run: &|command| match command {
            "rm" => Err(Box::new(Problem::error("this runs a command"))),
            command => Ok(format!("<{command}>\n")),
        },
    };
    render(&source, &world)
        .map(|rendered| rendered.text().to_owned())
        .map_err(|problems| problems[0].message.clone())
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, result) in cases {
        assert_eq!(run(text).as_deref(), Ok(*result), "{text}");
    }
}

#[test]
fn variables_and_defaults() {
    check(&[
        ("a: <%= ENV[\"X\"] %>", "a: value"),
        ("a: <%=ENV['X']%>b", "a: valueb"),
        ("a: '<%= ENV.fetch(\"NO\", \"d\") %>'", "a: 'd'"),
        ("<%= ENV.fetch('NO') { 'd' } %>", "d"),
        ("<%= ENV.fetch('NO') do 'd' end %>", "d"),
        ("<%= ENV.fetch 'X' %>", "value"),
        ("<%= ENV.fetch 'NO', 'd' %>", "d"),
        ("<%= ENV.fetch('NO', ENV['X']) %>", "value"),
        ("<%= ENV[\"NO\"] || \"d\" %>", "d"),
        ("<%= (ENV[\"NO\"] || ENV['EMPTY']) || \"d\" %>", ""),
        ("<%= ENV['NO'] %>", ""),
        ("<%= ENV.fetch('NO', 3) %>", "3"),
        ("<%= ENV.key?('X') %> <%= ENV.has_key?(\"NO\") %>", "true false"),
        ("<%= ENV['X'] ? 'a' : 'b' %><%= ENV['NO'] ? 'a' : 'b' %>", "ab"),
        ("<%= 'a' if ENV['X'] %><%= 'b' unless ENV['X'] %>", "a"),
        ("<%= ENV['NO']&.strip %>", ""),
        ("<%= nil || !true || !!ENV['X'] %>", "true"),
    ]);
}

#[test]
fn texts_and_methods() {
    check(&[
        ("<%= ENV['N'].strip.upcase %>", "12AB"),
        ("<%= ENV['N'].to_i %>", "12"),
        ("<%= ENV['NO'].to_s %>", ""),
        ("<%= ENV['HOSTS'].split(',') %>", "[\"10.0.0.1\", \" 10.0.0.2\"]"),
        ("<%= ENV['HOSTS'].split(',').map(&:strip) %>", "[\"10.0.0.1\", \"10.0.0.2\"]"),
        ("<%= ENV['HOSTS'].split(',').map(&:strip).to_json %>", "[\"10.0.0.1\",\"10.0.0.2\"]"),
        ("<%= 'a  b'.split %>", "[\"a\", \"b\"]"),
        ("<%= 'a,,b,,'.split(',') %>", "[\"a\", \"\", \"b\"]"),
        ("<%= ''.split(',') %>", "[]"),
        ("<%= 'b a'.split.first + \"-\" + 'b a'.split.last %>", "b-a"),
        ("<%= 'a b'.split.join('+') %>", "a+b"),
        ("<%= ENV['Q'].inspect %>", r#""a\"b\\c\n""#),
        ("<%= ENV['Q'].to_json %>", r#""a\"b\\c\n""#),
        ("<%= \"#{ENV['X']}/#{ENV.fetch(\"NO\", \"#{1}\")}\\t|\" %>", "value/1\t|"),
        (r"<%= 'a\'b\n' %>", r"a'b\n"),
        ("<%= 'feat/x'.gsub('/', '-') %>", "feat-x"),
        ("<%= File.read('.ruby-version').strip %>", "3.3.4"),
        ("<%= \"ruby-#{File.read('.ruby-version').chomp}\" %>", "ruby-3.3.4"),
        ("<%= `git rev-parse HEAD`.strip %>", "<git rev-parse HEAD>"),
        ("<%= %x(git describe #{ENV['X']}).chomp %>", "<git describe value>"),
    ]);
}

#[test]
fn branches() {
    let text = "<% if ENV['X'] == 'value' %>a<% elsif ENV['X'] %>b<% else %>c<% end %>";
    check(&[
        (text, "a"),
        (&text.replace("== 'value'", "!= 'value'"), "b"),
        (&text.replace("ENV['X']", "ENV['NO']"), "c"),
        ("<% unless ENV['NO'] %>a<% else %>b<% end %>", "a"),
        (
            "<% if ENV['NO'] %><% if true %>a<% else %>b<%= ENV.fetch('NO') %><% end %><% else %>c<% end %>",
            "c",
        ),
        ("<% if ENV['X'] && !ENV['NO'] then %>a<% end %>", "a"),
        ("a:\n  <%- if true -%>\n  b: 1\n  <%- end -%>\nc: 1\n", "a:\n  b: 1\nc: 1\n"),
        ("<% if ENV['NO'] %>\na: <%= `rm` %>\n<% end %>", ""),
        ("<% # note %>a<%%b<%# c %>\n<%# d -%>\ne", "a<%b\ne"),
    ]);
}

#[test]
fn comments_too() {
    check(&[
        ("# <%= ENV['X'] %>", "# value"),
        ("# <%= `rm` %>\na: 1", "# <%= `rm` %>\na: 1"),
        ("  # <% if ENV['NO'] %>\na: 1\n# <% end %>\nb: 1", "  # \nb: 1"),
    ]);
    assert!(run("# <% if ENV['NO'] %>\na: 1\n").is_err());
    assert!(run("a: 1 # <%= ENV.fetch('NO') %>").is_err());
}

#[test]
fn refuses_the_rest() {
    for text in [
        "<%= `rm` %>",
        "<% if x %><% end %>",
        "<% end %>",
        "<% if true %><% else %><% else %><% end %>",
        "<% ENV['X'].split.each do |host| %>- <%= host %><% end %>",
        "<% require 'x' %>",
        "<% x = ENV['X'] %>",
        "<% # note\n exit %>",
        "<% end if true %>",
        "<%= ENV['X'] + 1 %>",
        "<%= ENV['X'].foo %>",
        "<%= ENV['X'].split(/,/) %>",
        "<%= ENV['NO'].split(',') %>",
        "<%= File.read('x') %>",
        "<%= File.write('x', 'y') %>",
        "<%= system('rm') %>",
        "<%= Rails.env %>",
        "<%= 1.5 %>",
        "<%= 010 %>",
        "<%= ENV['X'",
        "<%= ENV['X' %>",
        "<%= \"#{ENV['X'] %>",
        "<%= 'a %>",
        "<%= %>",
    ] {
        assert!(run(text).is_err(), "{text}: {:?}", run(text));
    }
    for text in ["<%= ENV.fetch('NO') %>", "<%= ENV['NO'].strip %>"] {
        assert_eq!(run(text).unwrap_err(), "the environment variable `NO` is not set", "{text}");
    }
    let deep = format!("<%= {}1{} %>", "(".repeat(5000), ")".repeat(5000));
    assert!(run(&deep).is_err());
    let grows = format!("<%= \"aaaaaaaaaa\"{} %>", ".gsub('a', 'aaaaaaaaaa')".repeat(20));
    assert!(run(&grows).is_err());
}

#[test]
fn spans_point_into_the_original() {
    let text = "a: <%= ENV['X'] -%>\nb: <%= ENV['NO'] %>c\n";
    let env = env();
    let world = World { env: &env, read: &|_| unreachable!(), run: &|_| unreachable!() };
    let rendered = render(&Source::new("a.yml", text), &world).unwrap();
    assert_eq!(rendered.text(), "a: valueb: c\n");
    let original = |part: Range<usize>| &text[rendered.original(part)];
    assert_eq!(original(0..1), "a");
    assert_eq!(original(3..8), "<%= ENV['X'] -%>");
    assert_eq!(original(5..6), "<%= ENV['X'] -%>");
    assert_eq!(original(8..9), "b");
    assert_eq!(original(11..12), "c");
}

/// A Ruby text literal and what it means.
fn literal(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace("#{", "\\#{");
    format!("\"{}\"", escaped.replace("%>", "%\\>"))
}

proptest! {
    #[test]
    fn any_text_gives_a_result_or_problems(text in "([<%=>\\-#{}()\\[\\].,|&?:!+\"'`\\\\ \n]|ENV|fetch|if|end|\\.strip|X|1|é){0,40}") {
        if let Err(message) = run(&text) {
            prop_assert!(!message.is_empty());
        }
    }

    #[test]
    fn any_code_gives_a_result_or_problems(code in "([=#{}()\\[\\].,|&?:!+\"'`\\\\ ]|ENV|fetch|if|end|strip|map|:|X|1|é){0,30}") {
        let _ = run(&format!("<%= {code} %>"));
    }

    #[test]
    fn a_literal_is_what_it_says(text in "\\PC{0,30}") {
        prop_assert_eq!(run(&format!("<%= {} %>", literal(&text))), Ok(text));
    }

    #[test]
    fn a_list_prints_as_yaml_that_reads_back(items in prop::collection::vec("[^,]{0,10}", 1..5)) {
        let printed = format!("a: {}\n", value::Value::List(items.iter().cloned().map(value::Value::Text).collect()).text());
        let tree = crate::config::tests::tree(&printed);
        prop_assert_eq!(tree.to_json()["a"].clone(), serde_json::json!(items));
    }

    #[test]
    fn text_without_tags_is_untouched(text in "[^<]{0,40}") {
        prop_assert_eq!(run(&text), Ok(text));
    }
}
