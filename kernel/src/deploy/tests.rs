//! The whole story on hosts in memory: bundled plugins plan, a simulated fleet performs.

mod bench;
mod broken;
mod client;
mod crash;
mod crash_states;
mod fleet;
mod golden;
mod machine;
mod merging;
mod perform;
mod play;
mod strict;
mod trips;
mod two_runs;
