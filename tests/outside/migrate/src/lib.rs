//! The migrate plugin: what a team runs once for a new version, as one of its roles would, before
//! any host starts that version; and what it looks at once a host has taken the version up.
//!
//! ```yaml
//! x-windlass:
//!   plugins:
//!     migrate:
//!       component: ./plugins/migrate.wasm
//!       grants: [run-as-role]
//!       settings:
//!         command: bin/rails db:migrate
//!         role: workers              # the primary role if left out
//!         timeout: 900               # seconds; 600 if left out
//!         verify: bin/smoke-test     # nothing if left out
//! ```

mod settings;
#[cfg(test)]
mod tests;

use windlass_sdk::steps::{error_at, step};
use windlass_sdk::types::{
    Action, Area, Capability, Context, Description, Intent, Observation, Phase, Problem,
    RoleCommand, Step, Text,
};
use windlass_sdk::{Plugin, Problems, describe};

use settings::Settings;

struct Migrate;

impl Plugin for Migrate {
    fn describe() -> Description {
        let about = "Runs a command once before any host starts a new version";
        Description {
            capabilities: vec![Capability::RunAsRole(describe::any())],
            ..describe::plugin("migrate", env!("CARGO_PKG_VERSION"), about)
        }
    }

    fn check(context: &Context) -> Vec<Problem> {
        Settings::of(context).err().into_iter().collect()
    }

    fn plan(context: &Context, _: &[Observation]) -> Result<Vec<Step>, Problems> {
        // A rollback puts an image in service that is there, and whose migrations have run.
        let brings = context.aims(Intent::Replace, Area::Roles)
            && context.aims(Intent::Prepare, Area::Image);
        if !brings {
            return Ok(Vec::new());
        }
        let settings = Settings::of(context).map_err(|problem| vec![problem])?;
        let hosts = hosts(context, &settings.role).map_err(|problem| vec![problem])?;
        Ok(steps(&settings, hosts))
    }
}

/// The hosts in play of the role that migrates.
fn hosts<'a>(context: &'a Context, role: &str) -> Result<&'a [String], Problem> {
    let found = context.roles.iter().find(|known| known.name == role);
    let hosts = found.map(|role| role.hosts.as_slice()).filter(|hosts| !hosts.is_empty());
    hosts.ok_or_else(|| {
        let message = format!("the role `{role}` migrates, and is not part of this command");
        Problem {
            help: Some(format!("leave out --roles and --hosts, or name `{role}` in them, too")),
            ..error_at(settings::pointer("role"), message)
        }
    })
}

fn steps(settings: &Settings, hosts: &[String]) -> Vec<Step> {
    let run = |id: &str, host: &str, phase, title: String, argv: &[Text]| {
        let command = RoleCommand { role: settings.role.clone(), argv: argv.to_vec() };
        step(id, host, phase, title, Action::RunAsRole(command))
            .role(&settings.role)
            .limit(settings.limit_ms)
    };
    let migrate = run("up", &hosts[0], Phase::Share, "Migrate".to_string(), &settings.command)
        .once()
        .audit("Migrated")
        .help("no host has started the new version; deploy again when the migration is fixed")
        .why(settings::pointer("command"));
    // The old version is still there, without traffic, and the next deploy can go back to it.
    let verify = |host: &String| {
        let title = "Verify the new version".to_string();
        run("verify", host, Phase::Retire, title, &settings.verify)
            .help("the new version serves on this host: fix it, or run windlass rollback")
            .why(settings::pointer("verify"))
    };
    let verified = hosts.iter().filter(|_| !settings.verify.is_empty()).map(verify);
    [migrate].into_iter().chain(verified).collect()
}

windlass_sdk::export!(step: Migrate);
