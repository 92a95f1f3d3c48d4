//! Real hosts: connections, and the scripts that travel over them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::execute::Trip;
use crate::execute::lanes::{Runner, TripError};
use crate::execute::observe::{self, Answers, Ask, Reply};
use crate::execute::report::{Reader, TripReport};
use crate::lock::{Details, LockAnswer, Renewal, script};
use crate::model::event::{Event, Sink};
use crate::model::paths::Paths;
use crate::model::secret::SecretStore;
use crate::model::wit::{ContainerQuery, Fact, Query};
use crate::plugin::{Answer as EngineAnswer, Plugin};
use crate::ssh::Session;
use crate::ssh::frame::{self, Frame};

use super::hosts::{Acquire, Heartbeat, HostError, Hosts};
use super::snapshot::Look;

/// The connected hosts of a run.
pub struct Remote {
    sessions: BTreeMap<String, Session>,
    engine: Plugin,
    paths: Paths,
    run_id: String,
    secrets: SecretStore,
    sink: Sink,
    /// Random marks come from here.
    mark: Box<dyn Fn() -> String + Send + Sync>,
    /// Lowered questions: the same are asked of every host, and twice.
    lowered: Mutex<Vec<(ContainerQuery, Result<Ask, String>)>>,
    heartbeats: Mutex<BTreeMap<String, u64>>,
}

impl Remote {
    /// Hosts by name. `mark` gives a new random word at each call.
    pub fn new(
        sessions: BTreeMap<String, Session>,
        engine: Plugin,
        paths: Paths,
        run_id: String,
        secrets: SecretStore,
        sink: Sink,
        mark: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            sessions,
            engine,
            paths,
            run_id,
            secrets,
            sink,
            mark: Box::new(mark),
            lowered: Mutex::default(),
            heartbeats: Mutex::default(),
        }
    }

    /// The connection to a host.
    pub fn session(&self, host: &str) -> Result<&Session, HostError> {
        self.sessions.get(host).ok_or_else(|| HostError::new(host, "there is no connection to it"))
    }

    /// Runs parts of a script behind a preamble; hands every event's words to `on`.
    pub async fn ask(
        &self,
        host: &str,
        parts: &str,
        mut on: impl FnMut(&[String]) + Send,
    ) -> Result<(), HostError> {
        let mark = (self.mark)();
        let text = format!("{}{parts}ev done\nexit\n}}\n", frame::preamble(&mark));
        let mut done = false;
        let mut said: Vec<String> = Vec::new();
        let session = self.session(host)?;
        let exit = frame::run(session, &text, &mark, |frame| match frame {
            Frame::Event(words) if words == ["done"] => done = true,
            Frame::Event(words) => on(&words),
            Frame::Text { line, .. } => {
                (self.sink)(Event::Debug { message: format!("{host}: {line}") });
                said.push(line);
            }
        })
        .await?;
        if done {
            return Ok(());
        }
        said.truncate(20);
        let mut error = match exit {
            crate::ssh::Exit::ConnectionLost(error) => error.into(),
            exit => HostError::new(host, format!("the script ended early ({exit:?})")),
        };
        for line in said {
            error.why.push_str("\n  ");
            error.why.push_str(&line);
        }
        Err(error)
    }

    fn lower(&self, queries: &[Query]) -> Vec<Result<Ask, String>> {
        let mut known = self.lowered.lock().expect("no panic while held");
        let mut new: Vec<ContainerQuery> = Vec::new();
        for query in queries {
            if let Query::Container(query) = query
                && known.iter().all(|(k, _)| k != query)
            {
                new.push(query.clone());
            }
        }
        if !new.is_empty() {
            match self.engine.lower_queries(&new) {
                Ok(lowered) => known.extend(
                    new.into_iter().zip(
                        lowered
                            .into_iter()
                            .map(|l| l.map(|l| Ask::Command { command: l.command, each: l.each })),
                    ),
                ),
                Err(error) => known.extend(new.into_iter().map(|q| (q, Err(error.to_string())))),
            }
        }
        let find = |q: &ContainerQuery| {
            let ask = known.iter().find(|(k, _)| k == q).map(|(_, ask)| ask.clone());
            ask.unwrap_or_else(|| Err("not lowered".into()))
        };
        let ask = |query: &Query| match query {
            Query::Container(query) => find(query),
            query => own(query),
        };
        queries.iter().map(ask).collect()
    }

    /// Parses what the lowered questions printed; the rest are facts already.
    fn facts(
        &self,
        queries: &[Query],
        asks: &[Result<Ask, String>],
        answers: &mut Answers,
    ) -> Vec<Result<Fact, String>> {
        let mut facts: Vec<Result<Fact, String>> = Vec::new();
        let mut open: Vec<(usize, EngineAnswer)> = Vec::new();
        let mut number = 0;
        for (i, (query, ask)) in queries.iter().zip(asks).enumerate() {
            let fact = match ask {
                Err(why) => Err(why.clone()),
                Ok(_) => {
                    let reply = answers.replies.remove(&number);
                    number += 1;
                    match reply {
                        None => Err("the host gave no answer".into()),
                        Some(Reply::File(state)) => Ok(Fact::File(state)),
                        Some(Reply::Directory(names)) => Ok(Fact::Directory(names)),
                        Some(Reply::EnvNames(names)) => Ok(Fact::EnvNames(names)),
                        Some(Reply::Output(output)) => match query {
                            Query::Container(query) => {
                                open.push((i, EngineAnswer { query: query.clone(), output }));
                                Err("not read".into())
                            }
                            _ => Ok(Fact::Output(output)),
                        },
                    }
                }
            };
            facts.push(fact);
        }
        if !open.is_empty() {
            let (places, outputs): (Vec<usize>, Vec<EngineAnswer>) = open.into_iter().unzip();
            match self.engine.read_answers(&outputs) {
                Ok(read) => places
                    .into_iter()
                    .zip(read)
                    .for_each(|(i, fact)| facts[i] = fact.map(Fact::Container)),
                Err(error) => places.into_iter().for_each(|i| facts[i] = Err(error.to_string())),
            }
        }
        facts
    }
}

/// What the kernel asks without an engine.
fn own(query: &Query) -> Result<Ask, String> {
    Ok(match query {
        Query::File(path) => Ask::File(path.clone()),
        Query::Directory(path) => Ask::Directory(path.clone()),
        Query::EnvNames(path) => Ask::EnvNames(path.clone()),
        Query::Command(argv) => Ask::Command { command: argv.clone(), each: None },
        Query::Container(_) => return Err("only an engine can tell".into()),
        Query::Other(other) => return Err(format!("`{}` is not known here", other.name)),
    })
}

impl Runner for Remote {
    async fn trip(
        &self,
        host: &str,
        trip: Trip,
        mut stop: watch::Receiver<bool>,
    ) -> Result<TripReport, TripError> {
        let script = trip.script(&(self.mark)(), &self.secrets)?;
        let session = self
            .session(host)
            .map_err(|error| TripError::Connection { why: error.to_string(), help: error.help })?;
        let mut reader = Reader::new(&trip, host, self.sink.clone());
        let (pid_in, mut pid) = watch::channel(None::<String>);
        let running = frame::run(session, &script.text, &script.mark, |frame| {
            if let Frame::Event(words) = &frame
                && let [name, pid] = words.as_slice()
                && name == "pid"
            {
                pid_in.send_replace(Some(pid.clone()));
            }
            reader.take(frame);
        });
        let interrupt = async {
            if !trip.undo || stop.wait_for(|stop| *stop).await.is_err() {
                std::future::pending::<()>().await;
            }
            if let Ok(pid) = pid.wait_for(Option::is_some).await.map(|p| p.clone()) {
                let kill = format!("kill -TERM {}\n", pid.unwrap_or_default());
                let _ = self.ask(host, &kill, |_| {}).await;
            }
            std::future::pending::<()>().await;
        };
        let exit = tokio::select! {
            exit = running => exit,
            () = interrupt => unreachable!("an interrupt never ends by itself"),
        };
        exit.map_err(|error| TripError::Connection { why: error.to_string(), help: error.help() })?;
        Ok(reader.finish())
    }
}

impl Hosts for Remote {
    type Heartbeat = Renewal;

    async fn look(
        &self,
        host: &str,
        acquire: Acquire,
        queries: Vec<Query>,
    ) -> Result<Look, HostError> {
        let mut parts = String::new();
        if let Some((details, wait_s)) = &acquire.lock {
            parts.push_str(&script::acquire(&self.paths, &self.run_id, details, *wait_s));
        }
        if let Some(number) = acquire.fence {
            parts.push_str(&script::raise(&self.paths, number, acquire.lock.is_some()));
        }
        let asks = self.lower(&queries);
        let good: Vec<Ask> = asks.iter().filter_map(|ask| ask.clone().ok()).collect();
        parts.push_str(&observe::script(&good, &self.paths));
        parts.push_str("ev seen\n");
        let mut answers = Answers::default();
        let mut said: Vec<LockAnswer> = Vec::new();
        let mut seen = false;
        self.ask(host, &parts, |words| {
            if words == ["seen"] {
                seen = true;
            } else if let Some(answer) = LockAnswer::read(words) {
                if let LockAnswer::Held { by, lease_s } = &answer {
                    (self.sink)(waiting(host, by, *lease_s));
                    // Only the last one decides.
                    said.retain(|a| !matches!(a, LockAnswer::Held { .. }));
                }
                if matches!(answer, LockAnswer::Acquired { .. }) {
                    said.clear();
                }
                said.push(answer);
            } else {
                answers.take(words);
            }
        })
        .await?;
        if !seen {
            return Ok(Look { answers: said, facts: None, replies: Vec::new() });
        }
        (self.sink)(Event::Looked { host: host.to_string(), ms: answers.took_ms });
        let replies = self.facts(&queries, &asks, &mut answers);
        Ok(Look { answers: said, facts: Some(answers.facts), replies })
    }

    async fn keep_lease(&self, host: &str) -> Result<Renewal, HostError> {
        let session = self.session(host)?;
        let mark = (self.mark)();
        let parts = script::renew(&self.paths, &self.run_id);
        let text = format!("{}{parts}exit\n}}\n", frame::preamble(&mark));
        let mut channel = session.channel().await?;
        channel.write_all(text.as_bytes()).await?;
        *self.heartbeats.lock().expect("no panic while held").entry(host.into()).or_default() += 1;
        Ok(Renewal::start(channel, mark))
    }

    async fn release(&self, host: &str) -> Result<LockAnswer, HostError> {
        let mut answer = None;
        self.ask(host, &script::release(&self.paths, &self.run_id), |words| {
            answer = answer.take().or(LockAnswer::read(words));
        })
        .await?;
        Ok(answer.unwrap_or(LockAnswer::Lost))
    }

    fn trips(&self, host: &str) -> u64 {
        let beats = self.heartbeats.lock().expect("no panic while held");
        let all = self.sessions.get(host).map_or(0, Session::round_trips);
        all - beats.get(host).copied().unwrap_or(0)
    }
}

fn waiting(host: &str, by: &Details, lease_s: Option<i64>) -> Event {
    Event::Waiting {
        host: host.to_string(),
        owner: by.owner().to_string(),
        since: by.since().to_string(),
        id: by.id(),
        seconds: lease_s.and_then(|s| u64::try_from(s).ok()).unwrap_or(0),
    }
}

impl Heartbeat for Renewal {
    async fn lost(&mut self) -> String {
        self.ended().await
    }
}

/// Shared hosts, as lanes want them.
pub type Shared = Arc<Remote>;
