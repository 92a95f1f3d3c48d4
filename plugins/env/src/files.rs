//! The env files of roles on the hosts.

use windlass_sdk::All;
use windlass_sdk::env_files::EnvFile;
use windlass_sdk::steps::role_prefix;
use windlass_sdk::types::{Area, Context, HostInfo, Intent, Question};

/// The env file of a role.
pub fn file(context: &Context, role: &str) -> EnvFile {
    let path = format!("{}/env/roles/{}.env", context.run_directory, role_prefix(context, role));
    EnvFile { path, of: role.to_string() }
}

/// True for an operation that replaces the containers of roles.
pub fn replaces(context: &Context) -> bool {
    context.aims(Intent::Replace, Area::Roles)
}

/// The questions of an operation that starts containers with the environment, unless it writes
/// the files first.
pub fn questions(context: &Context) -> All<Question> {
    let reads = replaces(context) || context.aims(Intent::Look, Area::Env);
    if !reads || context.aims(Intent::Prepare, Area::Env) {
        return Ok(Vec::new());
    }
    let of_host = |host: &HostInfo| {
        let asked = host.roles.iter().map(|role| file(context, role).questions(&host.name));
        asked.flatten().collect::<Vec<_>>()
    };
    Ok(context.hosts.iter().flat_map(of_host).collect())
}
