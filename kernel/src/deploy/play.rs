//! Which hosts an operation is about.
//!
//! Hosts with a role in play are; but if a plugin's command asks about some hosts, it is about
//! no others than those that somebody asks about. A host without such a role, which may carry
//! accessories, is in play if a plugin asks about it. The scope of a command narrows it down.

use std::collections::BTreeSet;

use crate::plugin::{Kind, Scope};

use super::compose::{PlanError, in_words};
use super::crew::{Crew, Request};

impl Request {
    /// The same request with the hosts that its operation is about. Asks plugins, but no host.
    pub fn about(mut self, crew: &Crew) -> Result<Self, PlanError> {
        let (owner, scope) = crew.command(&self.operation.name).unzip();
        match scope.map(|command| command.scope) {
            Some(Scope::Local) => {
                self.hosts.clear();
                return Ok(self);
            }
            Some(Scope::PrimaryHost) => {
                let primary = &self.project.primary_host;
                self.hosts.retain(|host| host == primary);
                self.others.clear();
            }
            Some(Scope::AllHosts) | None => {}
        }
        if self.others.is_empty() && owner.is_none() {
            return Ok(self);
        }
        let mut wide = self.clone();
        wide.hosts.extend(self.others.iter().cloned());
        let (mut asked, mut by_owner) = (BTreeSet::new(), BTreeSet::new());
        for plugin in crew.iter().filter(|plugin| plugin.kind() != Kind::Engine) {
            let context = wide.context(plugin, &|_| String::new());
            let own = plugin.observe(&context).map_err(in_words)?;
            let own: BTreeSet<String> = own.into_iter().map(|question| question.host).collect();
            if owner.is_some_and(|owner| owner.name() == plugin.name()) {
                by_owner = own.clone();
            }
            asked.extend(own);
        }
        let may_bring_in = if self.chosen_roles { &by_owner } else { &asked };
        let known = self.project.hosts.iter().map(|host| host.name.clone());
        let hosts: Vec<String> = known
            .filter(|host| match self.hosts.contains(host) {
                true => by_owner.is_empty() || asked.contains(host),
                false => self.others.contains(host) && may_bring_in.contains(host),
            })
            .collect();
        let project = &self.project;
        self.roles.retain(|name| {
            project.role(name).is_some_and(|role| role.hosts.iter().any(|h| hosts.contains(h)))
        });
        self.hosts = hosts;
        Ok(self)
    }
}
