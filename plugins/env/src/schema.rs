//! The JSON schemas of the owned sections.

/// Of `/env`.
pub const ROOT: &str = r##"{
  "description": "Environment of the app's containers: `clear` values, names of `secret` ones, and additions by host `tags`; or a flat map of clear values.",
  "$ref": "#/$defs/any",
  "$defs": {
    "any": {
      "if": { "anyOf": [{ "required": ["clear"] }, { "required": ["secret"] }, { "required": ["tags"] }] },
      "then": { "$ref": "#/$defs/structured" },
      "else": { "$ref": "#/$defs/clear" }
    },
    "structured": {
      "type": "object",
      "x-unknown": "beside `clear`, `secret` and `tags` there are no variables; write it under `clear`",
      "additionalProperties": false,
      "properties": {
        "clear": { "$ref": "#/$defs/clear" },
        "secret": { "$ref": "#/$defs/secret" },
        "tags": {
          "description": "More environment for the hosts with a tag, by tag. It wins over that of the role.",
          "type": "object",
          "additionalProperties": { "$ref": "#/$defs/plain" }
        }
      }
    },
    "plain": {
      "if": { "anyOf": [{ "required": ["clear"] }, { "required": ["secret"] }] },
      "then": {
        "type": "object",
        "x-unknown": "variables are not allowed beside `clear` and `secret`; write it under `clear`. Tags are allowed only under `env` at the root",
        "additionalProperties": false,
        "properties": { "clear": { "$ref": "#/$defs/clear" }, "secret": { "$ref": "#/$defs/secret" } }
      },
      "else": { "$ref": "#/$defs/clear" }
    },
    "clear": {
      "description": "Names and values. `${VAR}` stands for a variable of the server.",
      "type": "object",
      "properties": { "tags": { "type": "string", "x-help": "tags are allowed only under `env` at the root, not inside of another part" } },
      "additionalProperties": { "type": ["string", "number", "boolean"] }
    },
    "secret": {
      "description": "Names of secrets. `windlass env push` writes their values to the hosts.",
      "type": "array",
      "items": { "type": "string", "x-secret": true }
    }
  }
}"##;

/// Of `/servers/*/env`: the same without tags.
pub fn role() -> String {
    windlass_sdk::env::schema(
        "Environment of the role's containers: `clear` values and names of `secret` ones, or a \
         flat map of clear values. It wins over the root's.",
    )
    .to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schemas_are_json() {
        for schema in [super::ROOT.to_string(), super::role()] {
            let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
            assert!(schema["description"].is_string());
        }
    }
}
