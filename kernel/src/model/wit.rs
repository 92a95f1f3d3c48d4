//! The vocabulary of plans, generated from `wit/`: the WIT package is its one definition,
//! so that what a plugin says and what the kernel executes cannot drift apart.
//!
//! Plain data; serialisable, comparable, printable.

mod shared {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package windlass:model;
            world shared {
                import windlass:plugin/types@0.1.0;
                import windlass:plugin/composition@0.1.0;
                import windlass:plugin/description@0.1.0;
                import windlass:plugin/lowering@0.1.0;
                import windlass:plugin/log@0.1.0;
            }
        ",
        world: "windlass:model/shared",
        additional_derives: [PartialEq, Hash, serde::Serialize, serde::Deserialize],
    });
}
pub use composition::{Contribution, Move, Workload};
pub use shared::windlass::plugin::{composition, description, log, lowering, types};
pub use types::*;
