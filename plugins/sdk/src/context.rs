//! What an operation is about, and where.

use crate::types::{Area, Context, HostInfo, Intent};

impl Context {
    /// True if the operation does this in the area. So a plugin knows what to do in a command
    /// that is not its own.
    pub fn aims(&self, intent: Intent, area: Area) -> bool {
        let mut aims = self.operation.aims.iter();
        aims.any(|aim| aim.intent == intent && aim.areas.contains(&area))
    }

    /// True if the operation does anything in the area, if only look.
    pub fn concerns(&self, area: Area) -> bool {
        self.operation.aims.iter().any(|aim| aim.areas.contains(&area))
    }

    /// True for this command. Only for the commands that the plugin describes itself.
    pub fn is(&self, command: &str) -> bool {
        self.operation.name == command
    }

    /// The verb of a command of this noun. Only for nouns of the plugin's own.
    pub fn verb(&self, noun: &str) -> Option<&str> {
        self.operation.name.strip_prefix(noun)?.strip_prefix(' ')
    }

    /// The operation as it was typed, for a step that somebody asked for by it.
    pub fn typed(&self) -> String {
        format!("windlass {}", self.operation.name)
    }

    /// A host by its name.
    pub fn host(&self, name: &str) -> Option<&HostInfo> {
        self.hosts.iter().find(|host| host.name == name)
    }

    /// True if requests reach the role through a proxy.
    pub fn is_routed(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known.name == role && known.routed)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::context;
    use crate::types::{Area, Intent};

    #[test]
    fn an_operation_aims_at_what_it_says() {
        let deploy = context("deploy");
        assert!(deploy.aims(Intent::Replace, Area::Roles) && deploy.concerns(Area::Proxies));
        assert!(!deploy.aims(Intent::Prepare, Area::Roles) && !deploy.concerns(Area::Env));
        assert!(deploy.is("deploy") && deploy.verb("deploy").is_none());
    }

    #[test]
    fn a_noun_is_a_whole_word() {
        let mut context = context("details");
        context.operation.name = "app logs".to_string();
        assert_eq!(context.verb("app"), Some("logs"));
        assert_eq!((context.verb("ap"), context.verb("app logs")), (None, None));
    }
}
