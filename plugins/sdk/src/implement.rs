//! Implements the traits of a plugin by functions of its crate.

/// Implements a trait of a plugin by functions in scope that have the names and signatures of its
/// methods: `implement!(Plugin for Greeter: describe, plan)`. So each stands in the file that it
/// belongs in.
#[macro_export]
macro_rules! implement {
    ($kind:ident for $plugin:ident: $($function:ident),+) => {
        impl $crate::$kind for $plugin {
            $($crate::__method!($kind $function);)+
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __method {
    (Plugin describe) => {
        $crate::__method!(describe() -> $crate::types::Description);
    };
    (Plugin check) => {
        $crate::__method!(check(context: $crate::types::Context) -> $crate::Problems);
    };
    (Plugin observe) => {
        $crate::__method!(observe(context: $crate::types::Context) -> $crate::All<$crate::types::Question>);
    };
    (Plugin plan) => {
        $crate::__method!(known plan() -> $crate::All<$crate::types::Step>);
    };
    (Role workloads) => {
        $crate::__method!(known workloads() -> $crate::All<$crate::types::Workload>);
    };
    (Role roll) => {
        $crate::__method!(known roll(workloads: [$crate::types::Workload]) -> ::core::result::Result<$crate::types::Rollout, $crate::Problems>);
    };
    (Role standing) => {
        $crate::__method!(known standing() -> $crate::All<$crate::types::InService>);
    };
    (Role versions) => {
        $crate::__method!(known versions() -> $crate::All<$crate::types::Kept>);
    };
    (Proxy routes) => {
        $crate::__method!(routes(context: $crate::types::Context) -> $crate::All<String>);
    };
    (Proxy traffic) => {
        $crate::__method!(known traffic(moves: [$crate::types::Move]) -> $crate::All<$crate::types::Step>);
    };
    ($kind:ident contribute) => {
        $crate::__method!(known contribute(workloads: [$crate::types::Workload]) -> $crate::All<$crate::types::Contribution>);
    };
    (Registry repository) => {
        $crate::__method!(repository(context: $crate::types::Context) -> ::core::result::Result<String, $crate::Problems>);
    };
    (known $name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        $crate::__method!($name(context: $crate::types::Context, observed: [$crate::types::Observation] $(, $argument: $type)*) -> $result);
    };
    ($name:ident($($argument:ident: $type:ty),*) -> $result:ty) => {
        fn $name($($argument: &$type),*) -> $result {
            $name($($argument),*)
        }
    };
}
