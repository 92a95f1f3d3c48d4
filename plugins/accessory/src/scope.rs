//! What an operation is about: which accessories, on which hosts.

use windlass_sdk::arguments::Arguments;
use windlass_sdk::names::{enumerate, nearest};
use windlass_sdk::steps::error;
use windlass_sdk::types::{Area, Context, HostInfo, Intent, Problem};

use crate::settings::{Accessory, Settings};

/// The noun of the plugin's own commands.
pub const NOUN: &str = "accessory";

/// True if there may be something to do.
pub fn concerns(context: &Context) -> bool {
    let writes_env =
        [Intent::Prepare, Intent::Remove].iter().any(|intent| context.aims(*intent, Area::Env));
    context.verb(NOUN).is_some() || context.concerns(Area::Accessories) || writes_env
}

/// The accessories that an operation is about: for a command on them the named one, or all.
pub fn chosen<'a>(
    context: &Context,
    settings: &'a Settings,
) -> Result<Vec<&'a Accessory>, Problem> {
    let all: Vec<&Accessory> = settings.accessories.iter().collect();
    let Some(verb) = context.verb(NOUN) else { return Ok(all) };
    let name = Arguments::of(context).text("name").unwrap_or_default();
    if let Some(one) = all.iter().find(|accessory| accessory.name == name) {
        return Ok(vec![*one]);
    }
    if name == "all" && !matches!(verb, "exec" | "logs") {
        return Ok(all);
    }
    let names: Vec<&str> = all.iter().map(|accessory| accessory.name.as_str()).collect();
    let known = match names.as_slice() {
        [] => "deploy.yml has no `accessories`".to_string(),
        names => format!("the accessories are {}", enumerate(names)),
    };
    let help = match nearest(&name, &names) {
        Some(near) => format!("did you mean `{near}`? {known}"),
        None => known,
    };
    Err(error(format!("there is no accessory `{name}`")).help(help))
}

/// Its hosts that are in play, in its own order.
pub fn hosts<'a>(context: &'a Context, accessory: &Accessory) -> Vec<&'a HostInfo> {
    let in_play = |name: &String| context.hosts.iter().find(|host| host.name == *name);
    accessory.hosts.iter().filter_map(in_play).collect()
}
