//! The kernel's own operations, and what each wants of plugins.

use crate::model::wit::{Aim, Area, Intent, Operation};

use Area::{Accessories, Build, Env, Image, Leftovers, Proxies, Registry, Roles, Servers};

/// The operation with which `setup` begins: what servers need before they can be asked.
pub const BOOTSTRAP: &str = "bootstrap";

/// An operation of the kernel by name. `build`: the image is built and pushed first, where the
/// operation begins with that.
pub fn own(name: &str, build: bool) -> Operation {
    let aims: &[(Intent, &[Area])] = match name {
        BOOTSTRAP => &[(Intent::Prepare, &[Servers])],
        "setup" => &[
            (Intent::Replace, &[Roles]),
            (Intent::Prepare, &[Proxies, Accessories, Env, Build, Image, Registry]),
            (Intent::Remove, &[Leftovers]),
        ],
        "deploy" => &[
            (Intent::Replace, &[Roles]),
            (Intent::Prepare, &[Proxies, Build, Image, Registry]),
            (Intent::Remove, &[Leftovers]),
        ],
        "redeploy" => &[(Intent::Replace, &[Roles]), (Intent::Prepare, &[Proxies, Build, Image])],
        "rollback" => &[(Intent::Replace, &[Roles]), (Intent::Prepare, &[Proxies])],
        "envify" => &[(Intent::Prepare, &[Env])],
        "remove" => &[(Intent::Remove, &[Roles, Proxies, Accessories, Registry])],
        "details" => &[(Intent::Look, &[Roles, Proxies, Accessories])],
        // `status`, `audit` and whatever else the kernel reads for itself.
        _ => &[(Intent::Look, &[Roles])],
    };
    let areas = |areas: &[Area]| {
        areas.iter().copied().filter(|area| build || *area != Build).collect::<Vec<_>>()
    };
    let aims = aims.iter().map(|(intent, of)| Aim { intent: *intent, areas: areas(of) });
    Operation { name: name.to_string(), aims: aims.collect() }
}

/// Whether the operation only looks: its plan must not write.
pub fn only_looks(operation: &Operation) -> bool {
    !operation.aims.is_empty() && operation.aims.iter().all(|aim| aim.intent == Intent::Look)
}
