//! A real sshd on loopback for the tests, with its own keys, configuration and log.

use super::{Channel, Chunk, Exit, Options, Pool, Session, SshError, Target};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Everything a test needs; sshd ends and the directory goes away on drop.
pub struct Server {
    pub directory: PathBuf,
    pub port: u16,
    sshd: Child,
}

impl Server {
    /// Starts sshd with `extra` lines in its configuration and a client configuration that knows
    /// its host key.
    pub fn start(extra: &str) -> Self {
        let program = sshd_program();
        let directory = std::env::temp_dir().join(format!("wlt-{:08x}", fastrand::u32(..)));
        std::fs::create_dir(&directory).unwrap();
        for key in ["host", "id", "stranger"] {
            run(Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(directory.join(key)));
        }
        std::fs::copy(directory.join("id.pub"), directory.join("authorized")).unwrap();
        // As root sshd insists on its empty directory, which a service manager would have made.
        let _ = std::fs::create_dir("/run/sshd");
        let (sshd, port) = (0..20)
            .find_map(|_| Self::try_start(&program, &directory, extra))
            .expect("sshd did not start");
        let server = Self { directory, port, sshd };
        server.know_host_key("host");
        server.write("client", &server.client_config());
        server
    }

    fn try_start(program: &Path, directory: &Path, extra: &str) -> Option<(Child, u16)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let at = |name: &str| directory.join(name).display().to_string();
        // bash as login shell reads .bashrc only on the first level, and a developer's own .bashrc
        // must not change what the tests see.
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nLogLevel VERBOSE\n\
             KexAlgorithms curve25519-sha256\nSetEnv SHLVL=2\n{extra}\n",
            at("host"),
            at("authorized")
        );
        std::fs::write(at("sshd_config"), config).unwrap();
        let mut sshd = Command::new(program)
            .args(["-D", "-f", &at("sshd_config"), "-E", &at("sshd.log")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        // It ends at once if somebody else has taken the port meanwhile.
        while started.elapsed() < Duration::from_secs(5) && sshd.try_wait().unwrap().is_none() {
            let text = std::fs::read_to_string(at("sshd.log")).unwrap_or_default();
            if text.contains("Server listening") && TcpStream::connect(("127.0.0.1", port)).is_ok()
            {
                return Some((sshd, port));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = sshd.kill();
        sshd.wait().unwrap();
        None
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.at(name), text).unwrap();
    }

    fn client_config(&self) -> String {
        format!(
            "Host *\n UserKnownHostsFile {}\n GlobalKnownHostsFile /dev/null\n IdentityFile {}\n IdentitiesOnly yes\n \
             IdentityAgent none\n",
            self.at("known").display(),
            self.at("id").display()
        )
    }

    /// Lets the client know `key` (a file of the directory) as this server's.
    pub fn know_host_key(&self, key: &str) {
        let public = std::fs::read_to_string(self.at(&format!("{key}.pub"))).unwrap();
        self.write("known", &format!("[127.0.0.1]:{} {public}", self.port));
    }

    pub fn target(&self) -> Target {
        Target {
            host: "127.0.0.1".into(),
            user: self.user(),
            port: Some(self.port),
            config_file: Some(self.at("client")),
            ..Target::default()
        }
    }

    pub fn user(&self) -> String {
        let id = Command::new("id").arg("-un").output().unwrap();
        String::from_utf8(id.stdout).unwrap().trim().to_owned()
    }

    pub fn options(&self) -> Options {
        Options {
            control_dirs: vec![self.directory.clone()],
            connect_timeout: Duration::from_secs(5),
            ..Options::default()
        }
    }

    /// A pool with one session.
    pub async fn connect(&self) -> (Pool, Session) {
        let mut pool = Pool::new(self.options()).unwrap();
        let (host, session) = pool.connect(vec![self.target()]).await.remove(0);
        assert_eq!(host, "127.0.0.1");
        (pool, session.unwrap_or_else(|error| panic!("{error}")))
    }

    /// Lines of sshd's log that contain `text`.
    pub fn logged(&self, text: &str) -> usize {
        std::fs::read_to_string(self.at("sshd.log"))
            .unwrap()
            .lines()
            .filter(|line| line.contains(text))
            .count()
    }

    /// Ends the sshd processes of all connections, and the listener.
    pub fn cut(&mut self) {
        let id = self.sshd.id().to_string();
        // Children first: orphans are no longer found by their parent.
        for parent in children(&id) {
            for process in children(&parent).into_iter().chain([parent]) {
                let _ = Command::new("kill").args(["-9", &process]).status();
            }
        }
        self.sshd.kill().unwrap();
        self.sshd.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Direct sshd children of a process.
fn children(parent: &str) -> Vec<String> {
    let list = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,comm="])
        .output()
        .expect("ps is needed: apt-get install procps");
    let text = String::from_utf8(list.stdout).unwrap();
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 2 && row[1] == parent && row[2].contains("sshd"))
        .map(|row| row[0].to_owned())
        .collect()
}

fn sshd_program() -> PathBuf {
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/libexec/sshd"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
        .expect("these tests need a real sshd: apt-get install openssh-server")
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// What a script on a channel did.
#[derive(Debug)]
pub struct Ran {
    pub out: Vec<u8>,
    pub err: Vec<u8>,
    pub exit: Exit,
}

/// Sends a whole script, reads everything, waits.
pub async fn script(session: &Session, text: &[u8]) -> Result<Ran, SshError> {
    let mut channel = session.channel().await?;
    channel.write_all(text).await?;
    channel.close_stdin();
    Ok(finish(channel).await)
}

/// Reads everything and waits.
pub async fn finish(mut channel: Channel) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    while let Some(chunk) = channel.next().await {
        match chunk {
            Chunk::Stdout(bytes) => out.extend(bytes),
            Chunk::Stderr(bytes) => err.extend(bytes),
        }
    }
    Ran { out, err, exit: channel.wait().await }
}

/// Waits until none of the processes runs, at most `limit`. A zombie that its new parent has not
/// reaped has ended.
pub fn gone(pids: &[rustix::process::Pid], limit: Duration) -> bool {
    let runs = |pid: &rustix::process::Pid| {
        let id = pid.as_raw_nonzero().to_string();
        let state = Command::new("ps").args(["-o", "stat=", "-p", &id]).output().unwrap().stdout;
        !state.is_empty() && state[0] != b'Z'
    };
    let started = Instant::now();
    while pids.iter().any(runs) {
        if started.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}
