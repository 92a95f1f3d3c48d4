//! `cargo xtask`: everything there is to do in this repository besides building.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use windlass_tests::checks::Extent;
use windlass_tests::fleet::Fleet;
use windlass_tests::{checks, demo, engine, fuzz, measure, sample, setup};

/// Works on this repository: sets up, demonstrates, tests.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what building and testing need and this machine lacks
    Setup,
    /// The test fleet: three hosts, a registry
    #[command(subcommand)]
    Fleet(FleetTask),
    /// Deploy a sample app to the fleet, update it under load, count the requests
    Demo,
    /// Measure commands and deploys with an optimised build
    Measure,
    /// Run every check and test; of long sweeps a part that changes with the commit
    Test {
        /// Run only the fleet's tests whose names contain this
        filter: Option<String>,
        /// Leave out what needs the fleet
        #[arg(long)]
        skip_fleet: bool,
        /// Fuzz each target for this long; 0 leaves fuzzing out
        #[arg(long, value_name = "SECONDS", default_value_t = 20)]
        fuzz: u64,
    },
    /// Run every check and test, the long sweeps in full: hours, not minutes
    Soak {
        /// Run only the fleet's tests whose names contain this
        filter: Option<String>,
        /// Leave out what needs the fleet
        #[arg(long)]
        skip_fleet: bool,
        /// Fuzz each target for this long; 0 leaves fuzzing out
        #[arg(long, value_name = "SECONDS", default_value_t = 900)]
        fuzz: u64,
    },
    /// Give the parsers and the quoting whatever breaks them
    Fuzz {
        /// For how long, each target
        #[arg(value_name = "SECONDS", default_value_t = 60)]
        seconds: u64,
    },
}

#[derive(Subcommand)]
enum FleetTask {
    /// Start it, or find it running
    Up,
    /// Remove it; images stay
    Down,
    /// Show its containers
    Status,
    /// Remove every container and every file of a deploy from its hosts
    Wipe,
}

fn main() -> ExitCode {
    match act(Args::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        // The chain of reasons; a backtrace through xtask explains nothing.
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(task: Task) -> Result<()> {
    match task {
        Task::Setup => {
            setup::for_building()?;
            setup::for_testing()?;
            setup::for_fleet()?;
            engine::ensure()
        }
        Task::Fleet(FleetTask::Up) => {
            let fleet = Fleet::up()?;
            for host in &fleet.hosts {
                println!("{}\t{}", host.name, host.address);
            }
            println!("ssh -F {} web-1", fleet.ssh.config().display());
            Ok(())
        }
        Task::Fleet(FleetTask::Down) => Fleet::down(),
        Task::Fleet(FleetTask::Status) => {
            print!("{}", Fleet::status()?);
            Fleet::attach().map(drop)
        }
        Task::Fleet(FleetTask::Wipe) => Fleet::attach()?.wipe(),
        Task::Demo => demo::run(),
        Task::Measure => measure::run(),
        Task::Test { filter, skip_fleet, fuzz } => {
            let sample = sample::of_commit()?;
            checks::run(&Extent { filter, skip_fleet, fuzz_seconds: fuzz, sample })
        }
        Task::Soak { filter, skip_fleet, fuzz } => {
            let sample = sample::ALL.to_string();
            checks::run(&Extent { filter, skip_fleet, fuzz_seconds: fuzz, sample })
        }
        Task::Fuzz { seconds } => fuzz::run(seconds),
    }
}
