//! Steps that need the user's terminal: a shell in a container, a log that is followed.

use std::future::Future;

use crate::execute::script::command_line;
use crate::model::plan::{Effect, Plan, PlannedStep};
use crate::model::wit::{Action, ContainerAction};

use super::hosts::HostError;
use super::remote::Remote;
use super::{Run, RunError};

/// The step of a plan that needs the user's terminal: then it is all that the plan is about.
pub fn attached(plan: &Plan) -> Option<&PlannedStep> {
    plan.steps.iter().find(|step| match &step.spec.action {
        Action::Exec(user) => user.tty,
        Action::Container(ContainerAction::Exec(exec)) => exec.tty,
        Action::Container(ContainerAction::RunOnce(once)) => once.tty,
        Action::Container(ContainerAction::Logs(logs)) => logs.follow,
        _ => false,
    })
}

/// How an attached step came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    Well,
    Badly,
    /// Nobody reads what it prints any more.
    Unread,
}

impl Run<Remote> {
    /// Runs the step at the user's terminal, over the connection that there is, until it ends or
    /// `unread` comes. What only looks ends when nobody reads it; anything else is the user's to
    /// end.
    ///
    /// # Errors
    /// The step needs what a command line must not carry, its audit line could not be written, or
    /// the host is not connected. How the command itself ended is no error.
    pub async fn attach(
        &self,
        step: &PlannedStep,
        unread: impl Future<Output = ()>,
    ) -> Result<Attached, RunError> {
        let host = &step.spec.host;
        let line = command_line(step, &self.secrets)
            .map_err(|error| HostError::new(host, format!("{}: {error}", step.spec.title)))?;
        if let Some(what) = &step.spec.audit {
            let record = self.audit().record(what, step.spec.role.as_deref());
            self.hosts.ask(host, &record, |_| ()).await?;
        }
        let session = self.hosts.session(host)?;
        let unread = async {
            match step.effect {
                Effect::Read => unread.await,
                Effect::Stage | Effect::User | Effect::Write => std::future::pending().await,
            }
        };
        let ended = session.interactive(&line, unread).await.map_err(HostError::from)?;
        Ok(match ended {
            None => Attached::Unread,
            Some(status) if status.success() => Attached::Well,
            Some(_) => Attached::Badly,
        })
    }
}
