//! The types of the WIT package, generated once and shared by all plugins' worlds.

/// Types, composition and log: what all worlds have in common.
mod shared {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package windlass:sdk;
            world shared {
                import windlass:plugin/types@0.1.0;
                import windlass:plugin/composition@0.1.0;
                import windlass:plugin/description@0.1.0;
                import windlass:plugin/lowering@0.1.0;
                import windlass:plugin/log@0.1.0;
            }
        ",
        world: "windlass:sdk/shared",
        generate_all,
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}
pub use shared::windlass::plugin::{composition, description, log, lowering, types};
