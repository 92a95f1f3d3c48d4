//! `app` serves, `app worker` works, and called as `curl` it checks a URL.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use windlass_sample_app::behaviour::{Behaviour, Mode};
use windlass_sample_app::server::Server;
use windlass_sample_app::{curl, worker};

/// A container stop kills after 10 s; running requests get a little less.
const GRACE: Duration = Duration::from_secs(8);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    if args[0].rsplit('/').next() == Some("curl") {
        return ExitCode::from(curl::run(&args[1..]));
    }
    match serve(args.get(1).map(String::as_str)) {
        Ok(code) => code,
        Err(reason) => {
            eprintln!("app: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn serve(command: Option<&str>) -> Result<ExitCode, String> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| format!("signal {signal}: {error}"))?;
    }
    let behaviour = Behaviour::of_this_process()?;
    println!("version {} is starting", behaviour.version);
    if behaviour.mode == Mode::Exit {
        eprintln!("cannot start: migration 20240229 is missing");
        return Ok(ExitCode::from(3));
    }
    let mut waited = Duration::ZERO;
    while waited < behaviour.start_delay && !stop.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(10));
        waited += Duration::from_millis(10);
    }
    if command == Some("worker") {
        worker::run(&behaviour.version, &stop);
        return Ok(ExitCode::SUCCESS);
    }

    let port = behaviour.listen_port();
    let listen = |port| {
        TcpListener::bind(("0.0.0.0", port)).map_err(|error| format!("port {port}: {error}"))
    };
    // The nastiest broken release: its own health check (inside the container)
    // passes, but nothing answers on the configured port from outside.
    if behaviour.mode == Mode::OtherPort {
        let inner = TcpListener::bind(("127.0.0.1", behaviour.port))
            .map_err(|error| format!("port {}: {error}", behaviour.port))?;
        Server::start(behaviour.clone(), inner).map_err(|error| error.to_string())?;
    }
    println!("version {} listens on port {port}", behaviour.version);
    let server = Server::start(behaviour, listen(port)?).map_err(|error| error.to_string())?;
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(10));
    }
    println!("stopping: finishing running requests");
    let cut_off = server.stop(GRACE);
    println!("stopped, {cut_off} requests cut off");
    Ok(ExitCode::SUCCESS)
}
