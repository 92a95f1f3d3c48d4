//! A claim of a plugin on a part of deploy.yml.

use serde_json::Value as Json;

/// One part of the configuration that a plugin owns.
///
/// `pattern` is a JSON pointer in which `*` stands for any key or index:
/// `/traefik`, `/servers/*/traefik`, `/healthcheck/cord`. The longest pattern
/// owns a value; of two equally long ones the one without `*`. Lists of hosts
/// under `/servers` are the kernel's, whatever is claimed. `schema` is JSON Schema as
/// far as `config::schema` knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Owner {
    pub plugin: String,
    /// The plugin is part of the program. Another may not claim what lies below a key of
    /// somebody else.
    pub bundled: bool,
    pub pattern: String,
    pub schema: Json,
}
