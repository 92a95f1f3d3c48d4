//! Makes a component of a plugin.

/// Exports a type as a plugin of one kind: `export!(proxy: Plugin)`. The kinds are `step`,
/// `role`, `proxy`, `env`, `registry` and `engine`; the type implements
/// [`Plugin`](crate::Plugin) and the trait of its kind.
///
/// Natively nothing is exported, but the traits are checked.
#[macro_export]
macro_rules! export {
    (step: $plugin:ident) => {
        $crate::__export!($plugin, Plugin, STEP "step-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi);
    };
    (role: $plugin:ident) => {
        $crate::__export!($plugin, Role, ROLE "role-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi, role __export_windlass_plugin_role_0_2_0_cabi);
    };
    (proxy: $plugin:ident) => {
        $crate::__export!($plugin, Proxy, PROXY "proxy-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi, proxy __export_windlass_plugin_proxy_0_2_0_cabi);
    };
    (env: $plugin:ident) => {
        $crate::__export!($plugin, Env, ENV "env-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi, env __export_windlass_plugin_env_0_2_0_cabi);
    };
    (registry: $plugin:ident) => {
        $crate::__export!($plugin, Registry, REGISTRY "registry-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi, registry __export_windlass_plugin_registry_0_2_0_cabi);
    };
    (engine: $plugin:ident) => {
        $crate::__export!($plugin, Engine, ENGINE "engine-plugin": lifecycle __export_windlass_plugin_lifecycle_0_2_0_cabi, engine __export_windlass_plugin_engine_0_2_0_cabi);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($plugin:ident, $kind:ident, $world:ident $name:literal: $($interface:ident $exports:ident),*) => {
        const _: () = {
            const fn is_implemented<T: $crate::$kind>() {}
            is_implemented::<$plugin>();
        };
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            $(
                $crate::wit::$interface::$exports!(
                    $plugin with_types_in $crate::wit::$interface
                );
            )*
            // Read by whoever makes a component of the module.
            #[used]
            #[unsafe(link_section = concat!("component-type:windlass:", $name))]
            static WORLD: [u8; $crate::wit::worlds::$world.len()] =
                *$crate::wit::worlds::$world.first_chunk().unwrap();
        };
    };
}
