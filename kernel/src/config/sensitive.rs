//! Values that stand in deploy.yml in the clear although they are secrets: those whose schema
//! says `writeOnly`, JSON Schema's word for what nobody is to be shown, and those that stand
//! where the name of a secret belongs.

use serde_json::Value as Json;

use super::ownership::{Owner, of_kernel};
use super::project::{declared_secrets, is_secret_name};
use super::tree::{Node, Tree, Value, join};

/// Pointer and text of each, in the order of the schemas. A list in the place of such a value
/// is none: it names a secret.
pub fn sensitive(tree: &Tree, owners: &[Owner]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for owner in of_kernel().iter().chain(owners) {
        if let Some(node) = tree.get(&owner.pattern) {
            collect(node, &owner.schema, &owner.pattern, &mut found);
        }
    }
    found
}

/// What stands where the name of a secret belongs and cannot be one: `secret: [<%= ENV["DB"] %>]`
/// puts the value there.
pub fn misplaced(tree: &Tree) -> Vec<String> {
    declared_secrets(tree).into_iter().filter(|name| !is_secret_name(name)).collect()
}

fn collect(node: &Node, schema: &Json, pointer: &str, found: &mut Vec<(String, String)>) {
    match &node.value {
        Value::Scalar(_) if schema.get("writeOnly") == Some(&Json::Bool(true)) => {
            found.extend(node.text().map(|text| (pointer.to_owned(), text)));
        }
        Value::Scalar(_) => {}
        Value::List(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                collect(item, schema, &join(pointer, &index.to_string()), found);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                if let Some(schema) = schema.pointer(&join("/properties", &entry.key)) {
                    collect(&entry.value, schema, &join(pointer, &entry.key), found);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::erb::Rendered;
    use crate::config::{source::Sources, yaml};
    use serde_json::json;

    fn found(text: &str) -> Vec<(String, String)> {
        let source = Sources::default().add("deploy.yml", text);
        let tree = yaml::parse(&source, &Rendered::plain(text)).unwrap().tree;
        let schema = json!({"properties": {"password": {"writeOnly": true}, "server": {}}});
        let (plugin, pattern) = ("x".into(), "/registry".into());
        let owner = Owner { plugin, bundled: true, pattern, schema };
        sensitive(&tree, &[owner])
    }

    #[test]
    fn plain_values_are_found_and_names_are_not() {
        let pair = |pointer: &str, text: &str| (pointer.to_string(), text.to_string());
        let text = "registry: {server: s, password: sesame}\nssh: {key_data: [one, two]}\n";
        assert_eq!(
            found(text),
            [
                pair("/ssh/key_data/0", "one"),
                pair("/ssh/key_data/1", "two"),
                pair("/registry/password", "sesame"),
            ]
        );
        assert_eq!(found("registry: {password: [NAME]}\nssh: {key_data: []}\n"), []);
    }
}
