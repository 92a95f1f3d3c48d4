//! A clone of the user's repository: the image is built from what is committed.
//!
//! Clone; bring the clone of an earlier build up to date; check it; and if anything of that went
//! wrong, remove it, clone again and check again. What is there and whether it is good is decided
//! by exit codes, and git may say what it likes.

use windlass_sdk::steps::{command, digits, service_name};
use windlass_sdk::texts::text;
use windlass_sdk::types::{Command, Condition, Context, EnvVar, Problem, Severity, Step, WorkTree};

use crate::machine::{look, run};

/// Succeeds if a clone is at a revision and has nothing besides. Prints what it found.
const CHECK: &str = r#"r=$(git -C "$1" rev-parse HEAD) || exit
s=$(git -C "$1" status --porcelain --untracked-files=normal) || exit
printf 'HEAD is %s\n%s\n' "$r" "$s"
[ "$r" = "$2" ] && [ -z "$s" ]"#;

/// The id of the last step: good if the clone is.
const GOOD: &str = "clone-is-good";

/// A clone and what it is of.
pub struct Clone<'a> {
    /// Where clones are.
    parent: String,
    directory: String,
    tree: &'a WorkTree,
}

impl<'a> Clone<'a> {
    /// The clone for a project. Each service, destination and project directory has its own, so
    /// that no two of them can build each other's files.
    pub fn new(context: &Context, tree: &'a WorkTree) -> Result<Self, Problem> {
        let Some(cache) = &context.machine.cache else {
            return Err(Problem {
                severity: Severity::Error,
                message: "there is no directory for the clone that the image is built from".into(),
                pointer: None,
                host: None,
                help: Some("set HOME or XDG_CACHE_HOME, or `builder: context: .`".into()),
            });
        };
        let parent = format!("{cache}/clones");
        let name =
            format!("{}-{}", service_name(context), &digits(&context.machine.directory)[..13]);
        Ok(Self { directory: format!("{parent}/{name}"), parent, tree })
    }

    /// The project's directory in the clone.
    pub fn project(&self) -> String {
        let path = format!("{}/{}", self.directory, self.tree.prefix);
        path.trim_end_matches('/').to_string()
    }

    /// The steps that make it.
    pub fn steps(&self) -> Vec<Step> {
        let root = &self.tree.root;
        let again = || Condition::Failed("reset".to_string());
        let mut steps = vec![
            look(
                "clone-is-there",
                "Check whether there is a clone of an earlier build",
                self.git(&["rev-parse", "--verify", "--quiet", "HEAD"]),
            )
            .may_fail(),
            run("clone", format!("Clone {root}"), self.clone())
                .when(Condition::Failed("clone-is-there".to_string()))
                .may_fail(),
        ];
        let reset = [
            run(
                "origin",
                format!("Have the clone follow {root}"),
                self.git(&["remote", "set-url", "origin", root]),
            ),
            // HEAD may be on no branch, as in many a CI job.
            run(
                "fetch",
                format!("Fetch what is committed in {root}"),
                self.git(&[
                    "fetch",
                    "--prune",
                    "origin",
                    "+refs/heads/*:refs/remotes/origin/*",
                    "HEAD",
                ]),
            ),
            self.reset("reset-hard"),
            run(
                "clean",
                "Remove from the clone what is not committed",
                self.git(&["clean", "-ffdx"]),
            ),
            self.submodules("submodules"),
            look("clone-is-reset", self.check_title(), self.check()),
        ];
        steps.extend(reset.into_iter().map(|step| step.block("reset").may_fail()));
        let fresh = [
            run(
                "remove-clone",
                "Remove the clone, which is not usable",
                command(["rm", "-rf", "--", &self.directory]),
            ),
            run("clone-again", format!("Clone {root} again"), self.clone()),
            self.reset("reset-again"),
            self.submodules("submodules-again"),
        ];
        steps.extend(fresh.into_iter().map(|step| step.block("again").when(again())));
        steps.push(
            look(GOOD, self.check_title(), self.check())
                .help("see what git says above; `builder: context: .` builds without it"),
        );
        steps
    }

    fn check_title(&self) -> String {
        format!("Check that the clone is clean and at {}", self.tree.revision)
    }

    fn clone(&self) -> Command {
        self.apart(command(["git", "clone", "--no-checkout", &self.tree.root, &self.directory]))
    }

    fn reset(&self, id: &str) -> Step {
        let revision = &self.tree.revision;
        run(id, format!("Check out {revision}"), self.git(&["reset", "--hard", revision]))
    }

    fn submodules(&self, id: &str) -> Step {
        let update = ["submodule", "update", "--init", "--recursive", "--force"];
        run(id, "Check out the submodules", self.git(&update))
    }

    fn check(&self) -> Command {
        let words = ["sh", "-c", CHECK, "sh", &self.directory, &self.tree.revision];
        self.apart(command(words))
    }

    fn git(&self, words: &[&str]) -> Command {
        let words = ["git", "-C", &self.directory].into_iter().chain(words.iter().copied());
        self.apart(command(words))
    }

    /// A clone that has lost its `.git` must not make git act on a repository around it.
    fn apart(&self, command: Command) -> Command {
        let name = "GIT_CEILING_DIRECTORIES".to_string();
        Command { env: vec![EnvVar { name, value: text(&self.parent) }], ..command }
    }
}
