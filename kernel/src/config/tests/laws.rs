//! Laws of the overlay, against a merge of plain JSON that is too simple to be wrong.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::tree;
use crate::config::overlay::merge;

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z yes0-9:#é'\"]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            any_map(inner)
        ]
    })
}

fn any_map(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-d]", inner), 0..4).prop_map(object)
}

fn object(pairs: Vec<(String, Value)>) -> Value {
    Value::Object(pairs.into_iter().collect::<Map<_, _>>())
}

fn any_file() -> impl Strategy<Value = Value> {
    any_map(any_value()).prop_filter("empty files are refused", |file| file != &json!({}))
}

fn expected(base: &Value, over: &Value) -> Value {
    let (Value::Object(base), Value::Object(over)) = (base, over) else { return over.clone() };
    let mut merged = base.clone();
    for (key, value) in over {
        let value = base.get(key).map_or_else(|| value.clone(), |old| expected(old, value));
        merged.insert(key.clone(), value);
    }
    Value::Object(merged)
}

fn merged(base: &Value, over: &Value) -> Value {
    merge(tree(&base.to_string()), tree(&over.to_string())).to_json()
}

proptest! {
    #[test]
    fn json_reads_as_itself(file in any_file()) {
        prop_assert_eq!(tree(&file.to_string()).to_json(), file);
    }

    #[test]
    fn printing_loses_nothing(file in any_file()) {
        prop_assert_eq!(tree(&crate::config::print::print(&file).unwrap()).to_json(), file);
    }

    #[test]
    fn merges_as_plain_data_would(base in any_file(), over in any_file()) {
        let found = merged(&base, &over);
        prop_assert_eq!(&found, &expected(&base, &over));
        // Also in the order of keys, which equality of maps does not see.
        prop_assert_eq!(found.to_string(), expected(&base, &over).to_string());
    }

    #[test]
    fn an_empty_destination_and_the_same_file_change_nothing(file in any_file()) {
        prop_assert_eq!(merged(&file, &json!({})), file.clone());
        prop_assert_eq!(merged(&file, &file), file);
    }

    #[test]
    fn the_destination_is_always_in_force(base in any_file(), over in any_file()) {
        let found = merged(&base, &over);
        prop_assert_eq!(merged(&found, &over), found);
    }

    #[test]
    fn any_text_gives_a_tree_or_problems(text in "[a-c:\\-\\[\\]{}&*<>|#'\"\t\r\n é%=]{0,60}") {
        let (result, sources) = super::read(&text);
        if let Err(problems) = result {
            prop_assert!(!problems.is_empty());
            crate::config::draw::draw(&problems, &sources, false);
        }
    }
}
