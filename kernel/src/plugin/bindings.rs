//! What the kernel calls in a component, generated from `wit/`.
//!
//! The shared records are [`crate::model::wit`]'s. Every plugin exports `lifecycle`, and at
//! most one interface of its kind; each has a world of its own here, so that no record
//! exists twice and a component is read through both at once.

/// `windlass:plugin/lifecycle`, which every plugin exports.
pub(super) mod lifecycle {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "windlass:plugin/step-plugin",
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
        with: {
            "windlass:plugin/types@0.1.0": crate::model::wit::types,
            "windlass:plugin/description@0.1.0": crate::model::wit::description,
            "windlass:plugin/log@0.1.0": crate::model::wit::log,
        },
    });
}

/// One world for the interface of one kind, with the interface it uses beside `types`.
macro_rules! kind {
    ($name:ident, $inline:literal, $world:literal $(, $uses:literal: $shared:path)?) => {
        pub(super) mod $name {
            wasmtime::component::bindgen!({
                path: "../wit",
                inline: $inline,
                world: $world,
                additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
                with: {
                    "windlass:plugin/types@0.1.0": crate::model::wit::types,
                    $($uses: $shared,)?
                },
            });
        }
    };
}

kind!(
    role,
    "package windlass:role; world only { export windlass:plugin/role@0.1.0; }",
    "windlass:role/only",
    "windlass:plugin/composition@0.1.0": crate::model::wit::composition
);
kind!(
    proxy,
    "package windlass:proxy; world only { export windlass:plugin/proxy@0.1.0; }",
    "windlass:proxy/only",
    "windlass:plugin/composition@0.1.0": crate::model::wit::composition
);
kind!(
    env,
    "package windlass:env; world only { export windlass:plugin/env@0.1.0; }",
    "windlass:env/only",
    "windlass:plugin/composition@0.1.0": crate::model::wit::composition
);
kind!(
    registry,
    "package windlass:registry; world only { export windlass:plugin/registry@0.1.0; }",
    "windlass:registry/only"
);
kind!(
    engine,
    "package windlass:engine; world only { export windlass:plugin/engine@0.1.0; }",
    "windlass:engine/only",
    "windlass:plugin/lowering@0.1.0": crate::model::wit::lowering
);

pub use crate::model::wit::description::{
    Argument, CommandSpec, DefaultVersion, Description, Flag, Ownership, Scope,
};
pub use crate::model::wit::lowering::{Lowered, LoweredCommand, LoweredQuery, LoweredWait};
pub use role::exports::windlass::plugin::role::Rollout;
