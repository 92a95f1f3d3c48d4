//! Where events become lines: for people on standard error, as JSON on standard output.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::model::event::{Ending, Event, Sink};
use crate::model::printable::printable;
use crate::model::secret::Masker;

use super::Globals;
use super::failure::Failure;
use super::stream::{self, Stream};
use super::view::View;

/// Prints events, masked. Results are kept until the end and printed by host.
#[derive(Clone)]
pub struct Output {
    shared: Arc<Shared>,
}

struct Shared {
    out: Stream,
    err: Stream,
    /// What the results are cut off with: a run that only tells something stops.
    stop: Mutex<Option<watch::Sender<bool>>>,
    stopped: AtomicBool,
    /// The run changes hosts: it goes on, whoever reads.
    persists: AtomicBool,
    masker: Mutex<Masker>,
    verbose: bool,
    quiet: bool,
    json: bool,
    color: bool,
    results: Mutex<BTreeMap<String, Vec<String>>>,
    /// Only failures are told on the way: the results speak for themselves.
    progress_suppressed: AtomicBool,
}

impl Output {
    /// Output as the global options want it.
    pub fn new(globals: &Globals) -> Self {
        Self::to(globals, Stream::new(std::io::stdout()), Stream::new(std::io::stderr()))
    }

    fn to(globals: &Globals, out: Stream, err: Stream) -> Self {
        let shared = Shared {
            out,
            err,
            stop: Mutex::default(),
            stopped: Default::default(),
            persists: Default::default(),
            masker: Mutex::default(),
            verbose: globals.verbose,
            quiet: globals.quiet,
            json: globals.json,
            color: stream::color(),
            results: Mutex::default(),
            progress_suppressed: Default::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// From now on these secrets are masked in whatever is printed.
    pub fn mask(&self, masker: Masker) {
        *self.shared.masker.lock().expect("no panic while held") = masker;
    }

    /// A text without secrets.
    pub fn mask_only(&self, text: &str) -> String {
        self.shared.masker.lock().expect("no panic while held").mask_str(text)
    }

    /// A text without secrets and without what could steer a terminal.
    pub fn clean(&self, text: &str) -> String {
        printable(&self.mask_only(text))
    }

    /// A clean text in which revisions are cut short, for lines that people only follow.
    pub fn shortened(&self, text: &str) -> String {
        let mut short = String::new();
        let mut digits = String::new();
        for c in self.clean(text).chars().chain(['\n']) {
            if c.is_ascii_hexdigit() {
                digits.push(c);
                continue;
            }
            let whole = digits.len() == 40 || digits.len() == 64;
            short.push_str(if whole { &digits[..12] } else { &digits });
            digits.clear();
            short.push(c);
        }
        short.pop();
        short
    }

    /// From now on tells no progress, unless everything is to be told.
    pub fn suppress_progress(&self) {
        self.shared.progress_suppressed.store(!self.shared.verbose, Ordering::Relaxed);
    }

    /// From now on hosts are changed: that goes on to its end, even if nobody reads of it.
    pub fn persist(&self) {
        self.shared.persists.store(true, Ordering::Relaxed);
    }

    /// From now on a run goes on that only tells something: it is stopped, as by Ctrl-C, when
    /// nobody reads the results any more.
    pub fn stops(&self, stop: watch::Sender<bool>) {
        *self.shared.stop.lock().expect("no panic while held") = Some(stop);
        self.stop_if_cut_off();
    }

    /// True if somebody stopped reading the results, and that was all there was to do.
    pub fn is_cut_off(&self) -> bool {
        self.shared.out.is_closed() && !self.shared.persists.load(Ordering::Relaxed)
    }

    /// True if a run was stopped for that.
    pub fn has_stopped(&self) -> bool {
        self.shared.stopped.load(Ordering::Relaxed)
    }

    fn stop_if_cut_off(&self) {
        if self.is_cut_off()
            && let Some(stop) = &*self.shared.stop.lock().expect("no panic while held")
        {
            self.shared.stopped.store(true, Ordering::Relaxed);
            stop.send_replace(true);
        }
    }

    /// Where a run sends its events.
    pub fn sink(&self) -> Sink {
        let output = self.clone();
        Arc::new(move |event| output.event(event))
    }

    /// A line for people that is no result.
    pub fn say(&self, text: &str) {
        if !self.shared.quiet && !self.shared.json {
            self.shared.err.print(&format!("{}\n", self.clean(text)));
        }
    }

    /// Problems as they were drawn, which may be coloured.
    pub fn warn(&self, drawn: &str) {
        self.shared.err.print(&self.mask_only(drawn));
    }

    /// A result: always on standard output.
    pub fn result(&self, text: &str) {
        self.shared.out.print(&format!("{}\n", self.clean(text).trim_end_matches('\n')));
        self.stop_if_cut_off();
    }

    /// A result in the view that is wanted.
    pub fn show(&self, view: &impl View) {
        let text = match self.shared.json {
            true => self.clean(&view.json().to_string()),
            false if view.is_brief() => self.shortened(&view.human()),
            false => self.clean(&view.human()),
        };
        self.shared.out.print(&format!("{text}\n"));
        self.stop_if_cut_off();
    }

    /// Prints what steps printed as results, host by host, as Kamal does.
    pub fn results(&self, what: &str) {
        let results =
            std::mem::take(&mut *self.shared.results.lock().expect("no panic while held"));
        for (host, lines) in results {
            self.show(&Printed { what, host, lines });
        }
    }

    /// Says why a command failed, without the values of secrets: failures quote what containers,
    /// builds and hooks print. Programs read it among the results, unless nobody reads those.
    pub fn fail(&self, failure: Failure) -> ExitCode {
        let Shared { out, err, json, .. } = &*self.shared;
        let values = if *json { failure.json() } else { Vec::new() };
        let line = |value: &Value| format!("{}\n", self.clean(&value.to_string()));
        let is_read = !values.is_empty() && values.iter().all(|value| out.print(&line(value)));
        match &failure {
            _ if is_read => {}
            Failure::Usage(error) => drop(error.print()),
            failure => {
                let told = failure.human(|text| self.mask_only(text), |text| self.clean(text));
                err.print(&told.unwrap_or_default());
            }
        }
        ExitCode::from(failure.code())
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.shared.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    fn event(&self, event: Event) {
        if let Event::Secret { text } = &event {
            let mut masker = self.shared.masker.lock().expect("no panic while held");
            masker.add("what a step yielded", text.expose());
            return;
        }
        if let Event::Text { host, line, result: true, .. } = &event {
            let mut results = self.shared.results.lock().expect("no panic while held");
            results.entry(host.clone()).or_default().push(line.clone());
            return;
        }
        if self.shared.json {
            let line = serde_json::to_string(&event).unwrap_or_default();
            self.result(&line);
            return;
        }
        let Some(line) = self.line(event) else { return };
        self.shared.err.print(&format!("{line}\n"));
    }

    /// The line for an event, if people are to see it.
    fn line(&self, event: Event) -> Option<String> {
        let progress_suppressed = self.shared.progress_suppressed.load(Ordering::Relaxed);
        let (verbose, quiet) = (self.shared.verbose, self.shared.quiet || progress_suppressed);
        let line = match event {
            Event::Phase { title } if !quiet => self.paint("1", &self.shortened(&title)),
            Event::Begin { host, title, .. } if verbose => {
                format!("  {host}  … {}", self.shortened(&title))
            }
            Event::End { host, title, ending, ms, code, .. } if !quiet || ending != Ending::Ok => {
                let seconds = ms as f64 / 1000.0;
                let title = self.shortened(&title);
                match ending {
                    Ending::Ok => {
                        format!("  {host}  {} {title} ({seconds:.1} s)", self.paint("32", "✓"))
                    }
                    Ending::Failed => {
                        format!(
                            "  {host}  {} {title} (code {code}, {seconds:.1} s)",
                            self.paint("31", "✗")
                        )
                    }
                    Ending::TimedOut => {
                        format!(
                            "  {host}  {} {title} (timed out after {seconds:.1} s)",
                            self.paint("31", "✗")
                        )
                    }
                }
            }
            Event::Undone { host, title, ok, .. } => {
                let mark = if ok { self.paint("33", "↩") } else { self.paint("31", "✗") };
                format!("  {host}  {mark} taken back: {}", self.shortened(&title))
            }
            Event::Text { host, line, .. } if verbose => {
                format!("  {host}  | {}", self.clean(&line))
            }
            Event::Waiting { host, owner, since, id, seconds } => {
                let lease = if seconds > 0 {
                    format!("; its lease ends in {seconds} s unless it is renewed")
                } else {
                    String::new()
                };
                self.clean(&format!(
                    "waiting for the deploy lock on {host}: held by {owner} since {since} (lock {id}{lease}); \
                     if nobody is deploying: windlass lock release {id}"
                ))
            }
            Event::Note { message } if !quiet => {
                format!("{} {}", self.paint("33", "note:"), self.clean(&message))
            }
            Event::Problem { problem } => {
                format!("{} {}", self.paint("31", "error:"), self.clean(&problem.to_string()))
            }
            Event::Trips { host, count } if verbose => format!("  {host}  {count} round trips"),
            Event::Standing { host, role, version, expected } if !quiet => {
                let version = if version.is_empty() {
                    "nothing".to_string()
                } else {
                    self.shortened(&version)
                };
                let mark = if expected { self.paint("32", "●") } else { self.paint("33", "●") };
                format!("  {host}  {mark} {role}: {version} in service")
            }
            Event::Debug { message } if verbose => format!("  {}", self.clean(&message)),
            _ => return None,
        };
        Some(line)
    }
}

/// What the steps of a command printed on one host.
struct Printed<'a> {
    what: &'a str,
    host: String,
    lines: Vec<String>,
}

impl View for Printed<'_> {
    fn human(&self) -> String {
        let Self { what, host, lines } = self;
        let text = format!("{what} Host: {host}\n{}", lines.join("\n").trim());
        format!("{}\n", text.trim_end())
    }

    fn json(&self) -> Value {
        json!({"event": "result", "host": self.host, "lines": self.lines})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe of which nobody reads.
    struct Closed;

    impl std::io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn results_that_nobody_reads_stop_a_run_that_changes_nothing() {
        let output = |json: bool| {
            let globals = Globals { json, ..Globals::default() };
            Output::to(&globals, Stream::new(Closed), Stream::new(Closed))
        };
        let phase = || Event::Phase { title: "Observe 1 host".into() };
        let stop = watch::Sender::new(false);
        let reading = output(true);
        reading.stops(stop.clone());
        reading.event(phase());
        assert!(*stop.borrow() && reading.is_cut_off());

        // What was cut off before the run began counts too.
        let (late, stop) = (output(true), watch::Sender::new(false));
        late.event(phase());
        late.stops(stop.clone());
        assert!(*stop.borrow());

        let (writing, stop) = (output(true), watch::Sender::new(false));
        writing.persist();
        writing.stops(stop.clone());
        writing.event(phase());
        writing.results("App");
        assert!(!*stop.borrow() && !writing.is_cut_off());

        // Progress is no result.
        let (told, stop) = (output(false), watch::Sender::new(false));
        told.stops(stop.clone());
        told.event(phase());
        told.say("by the way");
        assert!(!*stop.borrow() && !told.is_cut_off());
    }

    #[test]
    fn quiet_tells_failures_and_verbose_everything() {
        let shown = |verbose: bool, quiet: bool| {
            let output = Output::new(&Globals { verbose, quiet, ..Globals::default() });
            let [host, step, title] = ["web-1", "app.run", "Start it"].map(String::from);
            let end = |ending, code| Event::End {
                host: host.clone(),
                step: step.clone(),
                title: title.clone(),
                ending,
                code,
                ms: 100,
            };
            let line = "it starts".to_string();
            let events = [
                Event::Phase { title: "Observe 1 host(s)".into() },
                Event::Begin { host: host.clone(), step: step.clone(), title: title.clone() },
                Event::Text { host: host.clone(), step: step.clone(), line, result: false },
                end(Ending::Ok, 0),
                end(Ending::Failed, 3),
                Event::Note { message: "by the way".into() },
                Event::Trips { host: host.clone(), count: 8 },
            ];
            let told = events.into_iter().map(|event| output.line(event).is_some());
            told.map(|told| if told { 'x' } else { '-' }).collect::<String>()
        };
        assert_eq!(shown(false, false), "x--xxx-");
        assert_eq!(shown(false, true), "----x--");
        assert_eq!(shown(true, false), "xxxxxxx");
    }
}
