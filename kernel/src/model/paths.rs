//! Every path that the kernel itself uses on a host, in one place.
//!
//! All are relative to the login user's home unless `run_directory` is absolute.

/// The layout of one service and destination below the run directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    run: String,
    /// `SERVICE[-DESTINATION]`.
    name: String,
}

impl Paths {
    /// The layout of `service[-destination]` below `run_directory`.
    pub fn new(run_directory: &str, service: &str, destination: Option<&str>) -> Self {
        let name = match destination {
            Some(destination) => format!("{service}-{destination}"),
            None => service.to_string(),
        };
        Self { run: run_directory.trim_end_matches('/').to_string(), name }
    }

    /// `SERVICE[-DESTINATION]`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The run directory.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The parent of all deploy locks, where Kamal has it.
    pub fn locks(&self) -> String {
        format!("{}/locks", self.run)
    }

    /// The deploy lock: a directory, made atomically, where Kamal has it.
    pub fn lock(&self) -> String {
        format!("{}/locks/{}", self.run, self.name)
    }

    /// Who holds the lock: base64 of three lines, as Kamal writes it.
    pub fn lock_details(&self) -> String {
        format!("{}/details", self.lock())
    }

    /// Run id, boot id and deadline of the lock's lease; absent for a lock without one.
    pub fn lease(&self) -> String {
        format!("{}/lease", self.lock())
    }

    /// Guards changes of the lock's files.
    pub fn lock_guard(&self) -> String {
        format!("{}/windlass/{}.lock", self.run, self.name)
    }

    /// The fence: a number, changed and held under `flock`.
    pub fn guard(&self) -> String {
        format!("{}/windlass/{}.guard", self.run, self.name)
    }

    /// The process group of the script that holds the fence.
    pub fn group(&self) -> String {
        format!("{}/windlass/{}.group", self.run, self.name)
    }

    /// One line per role and finished deploy.
    pub fn history(&self) -> String {
        format!("{}/windlass/{}/history", self.run, self.name)
    }

    /// Kamal's audit log.
    pub fn audit(&self) -> String {
        format!("{}/{}-audit.log", self.run, self.name)
    }
}
