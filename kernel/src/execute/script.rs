//! The script that carries one host's steps: written here, run by the host's `sh`.
//!
//! It arrives on the stdin of a constant command as one `{ …; exit; }`, so that nothing runs
//! unless all of it arrived. Standard output carries only framed events, each a line that
//! starts with the trip's random mark; what steps print goes to standard error under the
//! mark and the step's number. Undo is in the same script, so that it happens even when the
//! client is gone.

use std::fmt::Write as _;

use crate::model::plan::{PlannedStep, Program, Segment};
use crate::model::secret::SecretStore;
use crate::model::wit::{Condition, OutputKind};
use crate::ssh::{frame, quote};

use super::program::{abort_limit_ms, aftermath, body};
use super::report::search;
use super::shell::Bindings;
use super::trip::{Audit, Fence, Outputs, ScriptError, Trip};

/// A script, with what is needed to read its events. Holds secrets: never print or keep it.
pub struct Script {
    pub text: String,
    pub mark: String,
}

impl Audit {
    /// The shell lines that add a line to the log. Before the first lock of a host nobody has
    /// made its directory.
    pub fn record(&self, what: &str, role: Option<&str>) -> String {
        let mut tags = format!("[{}]", self.performer);
        for tag in [self.destination.as_deref(), role].into_iter().flatten() {
            let _ = write!(tags, " [{tag}]");
        }
        let parent = match self.path.rsplit_once('/') {
            Some((parent, _)) => format!("[ -d {0} ] || mkdir -p -- {0} 9>&-\n", quote(parent)),
            None => String::new(),
        };
        format!(
            "{parent}printf '[%s] %s\\n' \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\" {} >>{} 9>&-\n",
            quote(&format!("{tags} {what}")),
            quote(&self.path)
        )
    }
}

impl Trip {
    /// Writes the script. `mark` must be random: it tells our events from what steps print.
    pub fn script(&self, mark: &str, secrets: &SecretStore) -> Result<Script, ScriptError> {
        let mut text = frame::preamble(mark);
        if let Some(fence) = &self.fence {
            text.push_str(&hold(fence));
        }
        text.push_str("ev pid $$\n");
        let time = |s: &PlannedStep| u64::from(s.spec.time_limit_ms) + abort_limit_ms(s);
        let limit: u64 = self.steps.iter().map(|s| time(s) / 10 + 1000).sum();
        let _ = writeln!(text, "up; E=$((U+{limit}))");
        for (id, ok) in &self.known.endings {
            let _ = writeln!(text, "s_{}={}", ident(id), if *ok { "ok" } else { "failed" });
        }
        let mut outputs: Outputs =
            self.known.outputs.iter().map(|(id, value)| (id.clone(), quote(value))).collect();
        for (number, step) in self.steps.iter().enumerate() {
            let bindings = Bindings { secrets, outputs: &outputs };
            text.push_str(&self.step(number, step, &bindings)?);
            outputs.insert(step.id.clone(), format!("\"$o{number}\""));
        }
        if self.undo {
            text.push_str(&self.take_back(&Bindings { secrets, outputs: &outputs })?);
        }
        text.push_str("ev done\nexit\n}\n");
        Ok(Script { text, mark: mark.to_string() })
    }

    /// One step: its condition, its function, its ending.
    fn step(
        &self,
        n: usize,
        step: &PlannedStep,
        bindings: &Bindings,
    ) -> Result<String, ScriptError> {
        let written = body(step, bindings)?;
        let aftermath = aftermath(step, bindings)?;
        let mut text = format!("f{n}() {{\n{}}}\n", written.text);
        let condition = match &step.spec.when {
            Condition::Always => "[ -z \"$F\" ]".to_string(),
            Condition::Ok(id) => format!("[ -z \"$F\" ] && [ \"$s_{}\" = ok ]", ident(id)),
            // What runs after a failure runs although the lane has failed: it explains it.
            Condition::Failed(id) => format!("[ \"$s_{}\" = failed ]", ident(id)),
        };
        let block = step.spec.block.as_deref().map(ident);
        let block_open =
            block.as_ref().map(|b| format!(" && [ \"$s_{b}\" != failed ]")).unwrap_or_default();
        let interrupt = match Segment::of(&step.spec) {
            Segment::Start | Segment::Stage => "[ -z \"$I\" ] || F=interrupted\n",
            _ => "",
        };
        let _ = writeln!(text, "{interrupt}up; B=$U; [ $U -lt $E ] || F=deadline");
        let _ = writeln!(text, "if {condition}{block_open}; then");
        let _ = writeln!(text, "ev begin {n}; printf '%s %s\\n' \"$M\" {n} >&2");
        if let Some(what) = &step.spec.audit {
            text.push_str(&self.audit.record(what, step.spec.role.as_deref()));
        }
        match written.yields {
            Some(kind) => {
                let call = if written.sets_y {
                    format!("y=; f{n} </dev/null >&2 9>&-; c=$?; o{n}=$y\n")
                } else {
                    format!("o{n}=$(f{n} </dev/null 9>&-); c=$?\n")
                };
                let _ = writeln!(
                    text,
                    "{call}{aftermath}\
                     if [ $c = 0 ]; then if {}; then ev out {n} \"$o{n}\"; else \
                     printf 'unexpected output: %s\\n' \"$o{n}\" >&2; c=65; fi; fi",
                    kind_test(kind, n)
                );
            }
            None => {
                let _ = writeln!(text, "f{n} </dev/null >&2 9>&-; c=$?\n{aftermath}");
            }
        }
        let id = ident(&step.id);
        let _ = write!(text, "ev end {n} $c\nif [ $c = 0 ]; then s_{id}=ok");
        if let Some(block) = &block {
            let _ = write!(text, "; [ \"$s_{block}\" = failed ] || s_{block}=ok");
        }
        let _ = write!(text, "; else s_{id}=failed");
        if let Some(block) = &block {
            let _ = write!(text, "; s_{block}=failed");
        }
        if !step.spec.may_fail && !matches!(step.spec.when, Condition::Failed(_)) {
            let _ = write!(text, "; F=${{F:-{n}}}");
        }
        text.push_str("; fi\nfi\n");
        Ok(text)
    }

    /// Takes back, last first, every step that was begun. A step that failed half-way is
    /// taken back too, so undo actions must tolerate that there is nothing to undo.
    fn take_back(&self, bindings: &Bindings) -> Result<String, ScriptError> {
        // A shell knows no empty branch.
        let mut text = String::from("if [ -n \"$F\" ]; then :\n");
        for (number, step) in self.steps.iter().enumerate().rev() {
            let Some(undo) = &step.undo else { continue };
            let mut undone = step.clone();
            undone.program = undo.clone();
            let n = 10_000 + number;
            let written = body(&undone, bindings)?;
            let _ = write!(
                text,
                "if [ -n \"$s_{}\" ]; then\nf{n}() {{\n{}}}\n\
                 printf '%s %s\\n' \"$M\" {number} >&2\n\
                 f{n} </dev/null >&2 9>&-; ev undone {number} $?\nfi\n",
                ident(&step.id),
                written.text
            );
        }
        text.push_str("fi\n");
        Ok(text)
    }
}

/// The command line of a step that needs the user's terminal, for the host's shell. Values
/// that a command line must not carry are exported before it; nobody reads what it prints, so
/// the host looks for the lines that are wanted.
pub fn command_line(step: &PlannedStep, secrets: &SecretStore) -> Result<String, ScriptError> {
    let outputs = Outputs::new();
    let bindings = Bindings { secrets, outputs: &outputs };
    let Program::Processes { processes, .. } = &step.program else {
        return Err(ScriptError::Unsupported);
    };
    let lines: Result<Vec<String>, ScriptError> = processes
        .iter()
        .map(|p| Ok(format!("{}{}", bindings.exports(&p.env)?, bindings.words(&p.argv)?)))
        .collect();
    let line = lines?.join(" && ");
    let Some(search) = search(step) else { return Ok(line) };
    let options = [(search.ignore_case, "-i "), (search.invert, "-v ")];
    let options: String = options.iter().filter(|(is, _)| *is).map(|(_, option)| *option).collect();
    Ok(format!("{line} 2>&1 | grep -F {options}-e {}", quote(&search.text)))
}

/// Runs on only if the host's number is ours, and holds it to the end.
fn hold(fence: &Fence) -> String {
    let (guard, group) = (quote(&fence.guard), quote(&fence.group));
    format!(
        "if ! [ -f {guard} ] || ! [ -w {guard} ]; then ev fence missing; exit; fi\n\
         exec 9>>{guard}\n\
         if ! flock -w 30 9; then ev fence busy; exit; fi\n\
         n=; read -r n <{guard} || :\n\
         if [ \"$n\" != {} ]; then ev fence \"${{n:-none}}\"; exit; fi\n\
         printf '%s\\n' $$ >{group}\n",
        fence.number
    )
}

/// A shell variable's tail for an id.
pub(super) fn ident(id: &str) -> String {
    id.bytes()
        .map(
            |b| {
                if b.is_ascii_alphanumeric() {
                    (b as char).to_string()
                } else {
                    format!("_{b:02x}")
                }
            },
        )
        .collect()
}

/// A test of the syntax that a kind of output must have: what `model::outputs` says, as well as a
/// shell can tell.
fn kind_test(kind: OutputKind, n: usize) -> String {
    let var = format!("\"$o{n}\"");
    let length = format!("${{#o{n}}}");
    match kind {
        OutputKind::ContainerId => {
            format!(
                "case {var} in ''|*[!0-9a-f]*) false;; \
                 *) [ {length} -ge 12 ] && [ {length} -le 64 ];; esac"
            )
        }
        // Written plainly, and neither link-local nor of a metadata service, which answers with
        // the machine's own credentials; `plugin::url` refuses the same in literals.
        OutputKind::IpAddress => format!(
            "case {var} in ''|*[!0-9a-fA-F.:]*) false;; \
             169.254.*|100.100.100.200|168.63.129.16|0[0-9]*.*|*.0[0-9]*|*.*.*.*.*) false;; \
             *:*.*|:*:*|0*:*|64:*|2002:*|[fF][eE][89aAbB]?:*) false;; \
             [fF][dD]00:[eE][cC]2:*|[fF][dD]00:0[eE][cC]2:*) false;; \
             [fF][dD]20:[cC][eE]:*|[fF][dD]20:0[cC][eE]:*|[fF][dD]20:00[cC][eE]:*) false;; \
             *:*) :;; *[a-fA-F]*) false;; *.*.*.*) :;; *) false;; esac"
        ),
        OutputKind::Port => {
            format!(
                "case {var} in ''|*[!0-9]*|??????*) false;; \
                 *) [ {var} -gt 0 ] && [ {var} -le 65535 ];; esac"
            )
        }
        OutputKind::Digest => {
            format!(
                "case {var} in sha256:*[!0-9a-f]*) false;; \
                 sha256:*) [ {length} -eq 71 ];; *) false;; esac"
            )
        }
        OutputKind::SecretText => format!("[ -n {var} ]"),
    }
}
