//! What the app's image and containers of a version are called.

use windlass_sdk::steps::role_prefix;
use windlass_sdk::types::Context;

/// `REPOSITORY:VERSION`.
pub fn image(context: &Context) -> String {
    format!("{}:{}", context.repository, context.version)
}

/// `SERVICE-ROLE[-DESTINATION]-VERSION`.
pub fn name(context: &Context, role: &str) -> String {
    format!("{}-{}", role_prefix(context, role), context.version)
}
