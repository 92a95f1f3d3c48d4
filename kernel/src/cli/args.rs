//! The kernel's own words of the command line, with Kamal's names and flags.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

/// Options that every command has.
#[derive(Debug, Clone, Default)]
pub struct Globals {
    pub verbose: bool,
    pub quiet: bool,
    pub json: bool,
    pub version: Option<String>,
    pub primary: bool,
    pub hosts: Option<String>,
    pub roles: Option<String>,
    pub config: PathBuf,
    pub destination: Option<String>,
    pub skip_hooks: bool,
    pub lock_wait: Option<u64>,
    pub yes: bool,
    pub allow_commands: bool,
}

impl Globals {
    /// Reads them from wherever they stood on the line.
    pub fn read(matches: &ArgMatches) -> Self {
        let text = |name: &str| matches.get_one::<String>(name).cloned();
        Self {
            verbose: matches.get_flag("verbose"),
            quiet: matches.get_flag("quiet"),
            json: matches.get_flag("json"),
            version: text("version"),
            primary: matches.get_flag("primary"),
            hosts: text("hosts"),
            roles: text("roles"),
            config: text("config-file").unwrap_or_else(|| "config/deploy.yml".into()).into(),
            destination: text("destination"),
            skip_hooks: matches.get_flag("skip-hooks"),
            lock_wait: matches.get_one::<u64>("lock-wait").copied(),
            yes: matches.get_flag("yes"),
            allow_commands: matches.get_flag("allow-commands"),
        }
    }
}

fn switch(name: &'static str, short: Option<char>, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    match short {
        Some(short) => arg.short(short),
        None => arg,
    }
}

fn value(name: &'static str, short: Option<char>, of: &'static str, help: &'static str) -> Arg {
    let arg = Arg::new(name).long(name).value_name(of).help(help);
    match short {
        Some(short) => arg.short(short),
        None => arg,
    }
}

/// The options that every command has.
fn globals() -> [Arg; 13] {
    [
        switch("verbose", Some('v'), "Show what every step prints"),
        switch("quiet", Some('q'), "Show errors and results only"),
        switch("json", None, "Print events and results as JSON, one per line"),
        value("version", None, "VERSION", "Act on this version of the app"),
        switch("primary", Some('p'), "Act on the primary host only"),
        value(
            "hosts",
            Some('h'),
            "HOSTS",
            "Act on these hosts only (comma separated, wildcards: * ? [a-z])",
        ),
        value(
            "roles",
            Some('r'),
            "ROLES",
            "Act on these roles only (comma separated, wildcards: * ? [a-z])",
        ),
        value("config-file", Some('c'), "FILE", "Configuration file [default: config/deploy.yml]"),
        value(
            "destination",
            Some('d'),
            "NAME",
            "Destination: config/deploy.NAME.yml is merged over the file",
        ),
        switch("skip-hooks", Some('H'), "Run no hooks"),
        value(
            "lock-wait",
            None,
            "SECONDS",
            "Wait this long for somebody else's lock [default: 60]",
        )
        .value_parser(clap::value_parser!(u64)),
        // Kamal's own name for it.
        switch("yes", Some('y'), "Answer every question with yes").alias("confirmed"),
        switch("allow-commands", None, "Run the commands in the ERB of deploy.yml"),
    ]
}

/// The command line of the kernel alone.
pub fn kernel() -> Command {
    let root = Command::new("windlass")
        .about("Deploys web apps to your servers with zero downtime, over SSH and Docker")
        .disable_version_flag(true)
        .disable_help_flag(true)
        .arg(Arg::new("help").long("help").action(ArgAction::Help).global(true).help("Print help"))
        .args(globals().map(|arg| arg.global(true).help_heading("Global options")))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(own());
    also_underscored(root)
}

/// Lets options be spelled `--skip_push` too, as Kamal does.
pub fn also_underscored(command: Command) -> Command {
    let spelled = |arg: Arg| match arg.get_long().filter(|long| long.contains('-')) {
        Some(long) => {
            let alias = long.replace('-', "_");
            arg.alias(alias)
        }
        None => arg,
    };
    command.mut_args(spelled).mut_subcommands(also_underscored)
}

/// The kernel's own commands.
fn own() -> Vec<Command> {
    let skip_push =
        || switch("skip-push", Some('P'), "Do not build and push: the image is in the registry");
    vec![
        Command::new("init").about("Write config/deploy.yml and .env to start from"),
        Command::new("setup")
            .about("Push env files, boot accessories, deploy: the first deploy to new hosts")
            .arg(skip_push()),
        Command::new("deploy").about("Deploy the app with zero downtime").arg(skip_push()),
        Command::new("redeploy").about("Deploy again, as `deploy` does").arg(skip_push()),
        Command::new("rollback")
            .about("Go back to a version; without one, to the last that was good on every host")
            .arg(Arg::new("VERSION").help("The version to go back to")),
        Command::new("plan")
            .about("Show what `deploy` would do, step by step, and do nothing")
            .arg(skip_push())
            .arg(value("output", Some('o'), "FILE", "Write the plan to a file, for `apply`")),
        Command::new("apply")
            .about("Do exactly what a saved plan says, or nothing")
            .arg(Arg::new("FILE").required(true).help("A file of `windlass plan -o FILE`")),
        Command::new("lock")
            .about("The deploy lock")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .subcommands([
                Command::new("status").about("Show who holds the lock"),
                Command::new("acquire").about("Take the lock; it stays until it is released").arg(
                    value("message", Some('m'), "TEXT", "Why nobody may deploy").required(true),
                ),
                Command::new("release")
                    .about("Give the lock back, or take it away from somebody")
                    .arg(Arg::new("ID").help(
                        "The lock's id, as `lock status` shows it; without one you are asked",
                    )),
            ]),
        Command::new("details").about("Show what is running: proxy, app and accessories"),
        Command::new("remove")
            .about("Remove proxy, app and accessories from the hosts, and log out of the registry"),
        Command::new("audit").about("Show the audit log of every host"),
        Command::new("status").about("Show what runs where, the lock and the last deploys"),
        Command::new("envify")
            .about("Write .env from the template .env.erb, then push env files")
            .arg(switch("skip-push", Some('P'), "Do not push env files to the hosts")),
        Command::new("docs")
            .about("Show the keys of deploy.yml")
            .arg(Arg::new("SECTION").help("Such as healthcheck, role or env")),
        Command::new("config").about("Print the resolved configuration"),
        Command::new("version").about("Print the version of Windlass"),
    ]
}
