//! The whole story on hosts in memory: bundled plugins plan, a simulated fleet performs.

mod assets;
mod back;
mod bench;
mod broken;
mod builders;
mod checks;
mod client;
mod clones;
mod commands;
mod crash;
mod crash_states;
mod desk;
mod every_command;
mod fleet;
mod golden;
mod keys;
mod machine;
mod merging;
mod outputs;
mod perform;
mod play;
mod shown;
mod strict;
mod trips;
mod two_runs;
