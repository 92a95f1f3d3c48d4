//! The files that Caddy serves by, and where they are: below `caddy` in the run directory on
//! the host, below `/etc/caddy` in the container.

use sha2::{Digest, Sha256};
use windlass_sdk::names::id_part;
use windlass_sdk::steps::{absolute_run_directory, error_on, role_prefix};
use windlass_sdk::texts::text;
use windlass_sdk::types::{Action, Context, FileState, FileWrite, HostInfo, Problem};

use crate::settings::Settings;

/// Where the directory is in the container; the templates say so too, as they say the rest.
pub const INSIDE: &str = "/etc/caddy";
/// Answers what is routed where, to the host and its containers: the port is not published.
pub const STATUS_PORT: u16 = 8019;
/// What stands there if Caddy runs.
pub const GREETING: &str = "Caddy of Windlass";

/// The header that says which container answered a request to the one that serves next.
pub const NEXT: &str = "Windlass-Next";

/// A file, as it is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// As deploy.yml spells paths.
    pub path: String,
    pub content: String,
}

impl File {
    /// True if the host has exactly this.
    pub fn is(&self, found: Option<&FileState>) -> bool {
        let digest = Sha256::digest(self.content.as_bytes());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        found.is_some_and(|found| found.digest == digest)
    }

    /// Writes it.
    pub fn write(&self) -> Action {
        let (path, content) = (self.path.clone(), text(self.content.as_str()));
        Action::WriteFile(FileWrite { path, content, mode: 0o644 })
    }
}

/// The directory of all files, as deploy.yml spells paths.
pub fn directory(context: &Context) -> String {
    format!("{}/caddy", context.run_directory.trim_end_matches('/'))
}

/// The same as a mount spells it.
pub fn mounted(context: &Context, host: &HostInfo) -> Result<String, Problem> {
    if host.home.is_empty() && !context.run_directory.starts_with('/') {
        let help = "set run_directory to an absolute path";
        return Err(error_on(&host.name, "the home directory of the user is not known", help));
    }
    Ok(format!("{}/caddy", absolute_run_directory(context, host).trim_end_matches('/')))
}

/// What Caddy starts with. Services add their own files.
pub fn caddyfile(context: &Context) -> File {
    let content = include_str!("../templates/Caddyfile").to_string();
    File { path: format!("{}/Caddyfile", directory(context)), content }
}

/// The files of one role.
pub struct Site<'a> {
    context: &'a Context,
    settings: &'a Settings,
    /// Names the files, and the role on the status port.
    pub name: String,
}

impl<'a> Site<'a> {
    /// Those of a role of the context's service.
    pub fn new(context: &'a Context, settings: &'a Settings, role: &str) -> Self {
        Self { context, settings, name: id_part(&role_prefix(context, role)) }
    }

    fn path(&self, kind: &str, ending: &str) -> String {
        format!("{}/{kind}/{}{ending}", directory(self.context), self.name)
    }

    /// How users reach the role.
    pub fn site(&self) -> File {
        let address = match &self.settings.caddy.domain {
            Some(domain) => format!("http://{}", domain.as_str()),
            None => ":80".to_string(),
        };
        let content = self.fill(include_str!("../templates/site.caddy"));
        let content = content.replacen("ADDRESS", &address, 1);
        File { path: self.path("sites", ".caddy"), content }
    }

    /// What the status port says of the role, and the way through Caddy to the container that
    /// is to serve next.
    pub fn status(&self) -> File {
        let content = self.fill(include_str!("../templates/status.caddy"));
        File { path: self.path("status", ".caddy"), content }
    }

    fn fill(&self, template: &str) -> String {
        template.replace("NAME", &self.name)
    }

    /// Both, in the order in which they are written.
    pub fn configuration(&self) -> [(&'static str, File); 2] {
        [("status", self.status()), ("site", self.site())]
    }

    /// Routes users to a container.
    pub fn route(&self, upstream: &str) -> File {
        File { path: self.path("routes", ""), content: format!("{upstream}\n") }
    }

    /// Routes only the status port there. Names have a dot only before two digits.
    pub fn next(&self, upstream: &str) -> File {
        File { path: self.path("routes", ".next"), content: format!("{upstream}\n") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windlass_sdk::testing;

    #[test]
    fn a_file_is_known_by_its_digest() {
        let file = File { path: "x".to_string(), content: "abc".to_string() };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let state = |digest: &str| FileState { mode: 0o644, size: 3, digest: digest.to_string() };
        assert!(file.is(Some(&state(abc))) && !file.is(Some(&state("00"))) && !file.is(None));
    }

    #[test]
    fn names_fit_into_paths_and_configuration() {
        let context = Context { service: "a/b}".to_string(), ..testing::context("deploy") };
        let settings = Settings::default();
        let site = Site::new(&context, &settings, "web");
        assert_eq!(site.name, "a.2fb.7d-web");
        assert_eq!(site.next("u:1").path, ".kamal/caddy/routes/a.2fb.7d-web.next");
        assert!(site.site().content.starts_with(":80 {\n"));
    }
}
