//! The env files of roles on the hosts.

use windlass_sdk::containers::rolls;
use windlass_sdk::env_files::EnvFile;
use windlass_sdk::steps::role_prefix;
use windlass_sdk::types::{Context, Question};

/// The env file of a role.
pub fn file(context: &Context, role: &str) -> EnvFile {
    let path = format!("{}/env/roles/{}.env", context.run_directory, role_prefix(context, role));
    EnvFile { path, of: role.to_string() }
}

/// The questions of an operation that starts containers. `setup` writes the files first.
pub fn questions(context: &Context) -> Vec<Question> {
    let starts = rolls(&context.operation) || context.operation == "app exec";
    if !starts || context.operation == "setup" {
        return Vec::new();
    }
    let of_host = |host: &windlass_sdk::types::HostInfo| {
        let asked = host.roles.iter().map(|role| file(context, role).questions(&host.name));
        asked.flatten().collect::<Vec<_>>()
    };
    context.hosts.iter().flat_map(of_host).collect()
}
