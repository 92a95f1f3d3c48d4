//! A plugin that does what `context.settings` says: `{"do": "trap"}`, `loop`, `allocate`, …,
//! or `{"steps": [...]}`, which it answers as they are.
#![cfg(target_arch = "wasm32")]

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use windlass::plugin::composition::{Incoming, Move, Workload};
use windlass::plugin::context::Context;
use windlass::plugin::description::{
    Capability, CommandScope, ContainerScope, Description, HttpScope, Pattern, Whose,
};
use windlass::plugin::facts::{Observation, Question};
use windlass::plugin::log;
use windlass::plugin::steps::Step;
use windlass::plugin::values::{Problem, Severity};

use exports::windlass::plugin::lifecycle::Guest as Lifecycle;
use exports::windlass::plugin::role::{Guest as Role, InService, Kept, Rollout};

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    inline: "
        package windlass:hostile;
        world hostile {
            include windlass:plugin/role-plugin@0.2.0;
            import wasi:cli/environment@0.2.0;
        }
    ",
    world: "windlass:hostile/hostile",
    additional_derives: [serde::Deserialize],
    generate_all,
});

struct Hostile;
export!(Hostile);

impl Lifecycle for Hostile {
    fn describe() -> Description {
        Description {
            name: "hostile".to_owned(),
            version: "0.1.0".to_owned(),
            about: "Does what it is told".to_owned(),
            owns: Vec::new(),
            reads: Vec::new(),
            commands: Vec::new(),
            capabilities: capabilities(),
            needs: Vec::new(),
            hooks: Vec::new(),
            foreign_keys: Vec::new(),
        }
    }

    fn check(context: Context) -> Vec<Problem> {
        act(&context);
        if deed(&context).as_deref() == Some("huge") {
            let message = "x".repeat(1 << 20);
            let severity = Severity::Error;
            let problem = Problem { severity, message, pointer: None, host: None, help: None };
            return vec![problem; 20];
        }
        answer(&context, "problems")
    }

    fn observe(context: Context) -> Result<Vec<Question>, Vec<Problem>> {
        act(&context);
        Ok(answer(&context, "questions"))
    }

    fn plan(context: Context, _: Vec<Observation>) -> Result<Vec<Step>, Vec<Problem>> {
        act(&context);
        let problems = settings(&context).get("problems").is_some();
        if problems { Err(answer(&context, "problems")) } else { Ok(answer(&context, "steps")) }
    }
}

impl Role for Hostile {
    fn workloads(context: Context, _: Vec<Observation>) -> Result<Vec<Workload>, Vec<Problem>> {
        act(&context);
        Ok(answer(&context, "workloads"))
    }

    fn roll(
        context: Context,
        _: Vec<Observation>,
        workloads: Vec<Workload>,
    ) -> Result<Rollout, Vec<Problem>> {
        act(&context);
        let moves = workloads.into_iter().map(|workload| Move {
            host: workload.host.clone(),
            role: workload.role.clone(),
            incoming: Incoming::New(workload),
            outgoing: Vec::new(),
        });
        Ok(Rollout { steps: answer(&context, "steps"), moves: moves.collect() })
    }

    fn standing(context: Context, _: Vec<Observation>) -> Result<Vec<InService>, Vec<Problem>> {
        act(&context);
        Ok(answer(&context, "standing"))
    }

    fn versions(context: Context, _: Vec<Observation>) -> Result<Vec<Kept>, Vec<Problem>> {
        act(&context);
        Ok(answer(&context, "versions"))
    }
}

fn capabilities() -> Vec<Capability> {
    let any = || vec![Pattern::Any];
    vec![
        Capability::Containers(ContainerScope {
            whose: vec![Whose::Own, Whose::Handed, Whose::Others],
            names: any(),
            images: any(),
            mounts: any(),
            ports: any(),
            networks: any(),
            options: any(),
            users: any(),
        }),
        Capability::RunAsRole(any()),
        Capability::Http(HttpScope { hosts: any(), ports: any(), containers_of_run: true }),
        Capability::Files(vec!["data".to_owned(), "/srv".to_owned()]),
        Capability::Secrets(vec![Pattern::Exact("TOKEN".to_owned())]),
        Capability::Commands(CommandScope { argv: any(), read_only: false }),
    ]
}

fn settings(context: &Context) -> Value {
    serde_json::from_str(&context.settings).expect("settings are JSON")
}

fn deed(context: &Context) -> Option<String> {
    Some(settings(context).get("do")?.as_str()?.to_owned())
}

fn answer<T: serde::de::DeserializeOwned>(context: &Context, name: &str) -> Vec<T> {
    let found = settings(context).get(name).cloned();
    found
        .map(|items| serde_json::from_value(items).expect("items of the contract"))
        .unwrap_or_default()
}

/// Misbehaves as told.
fn act(context: &Context) {
    match deed(context).as_deref() {
        None => {}
        Some("trap") => core::arch::wasm32::unreachable(),
        Some("panic") => {
            std::panic::set_hook(Box::new(|info| log::write(log::Level::Warn, &info.to_string())));
            panic!("out of ideas");
        }
        Some("loop") => loop {
            std::hint::black_box(());
        },
        Some("recurse") => drop(deeper(1)),
        Some("allocate") => {
            let all: Vec<Vec<u8>> = (0..64).map(|_| vec![1; 64 << 20]).collect();
            std::hint::black_box(all);
        }
        Some("say") => log::write(log::Level::Info, "\u{1b}[2Jhello"),
        Some("forge") => log::write(log::Level::Info, "done\n  web-1  \u{2713} \u{202e}Boot\n"),
        Some("flood") => {
            for _ in 0..10_000 {
                log::write(log::Level::Info, "again");
            }
        }
        Some("shout") => {
            let text = "x".repeat(20 << 20);
            log::write(log::Level::Info, &text);
        }
        Some("wasi") => drop(wasi::cli::environment::get_environment()),
        Some("remember") => remember(),
        Some("huge") => {}
        Some(other) => panic!("unknown deed {other}"),
    }
}

/// Says how often it was called before, as far as it knows.
fn remember() {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let before = CALLS.fetch_add(1, Ordering::Relaxed);
    log::write(log::Level::Info, &format!("before: {before}"));
}

#[allow(unconditional_recursion, reason = "that is the deed")]
fn deeper(depth: u64) -> u64 {
    std::hint::black_box(depth) + deeper(std::hint::black_box(depth + 1))
}
