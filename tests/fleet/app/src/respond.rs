//! What each path answers.

use std::os::unix::ffi::OsStringExt;
use std::sync::atomic::Ordering;
use std::thread;

use crate::behaviour::Mode;
use crate::server::Shared;

/// Status line and body.
pub struct Response {
    pub status: &'static str,
    pub body: Vec<u8>,
}

/// Answers `path`.
pub fn respond(path: &str, app: &Shared) -> Response {
    let version = &app.behaviour.version;
    match path.split('?').next().unwrap_or(path) {
        "/" => ok(format!("Hello from version {version}\n")),
        "/version" => ok(format!("version {version}\n")),
        "/up" if app.behaviour.mode == Mode::Unhealthy || app.failed.load(Ordering::SeqCst) => {
            Response {
                status: "503 Service Unavailable",
                body: format!("version {version} is not ready: database unreachable\n").into(),
            }
        }
        "/up" => ok("ok\n".into()),
        "/fail" => {
            app.failed.store(true, Ordering::SeqCst);
            println!("asked to fail: /up answers 503 from now on");
            ok("failing from now on\n".into())
        }
        "/slow" => {
            thread::sleep(app.behaviour.slow);
            ok(format!("version {version}\n"))
        }
        other => match answer(other) {
            Some(body) => Response { status: "200 OK", body },
            None => {
                Response { status: "404 Not Found", body: format!("nothing at {other}\n").into() }
            }
        },
    }
}

/// A variable of the environment, or a file of the assets.
fn answer(path: &str) -> Option<Vec<u8>> {
    if let Some(name) = path.strip_prefix("/env/") {
        return std::env::var_os(name).map(OsStringExt::into_vec);
    }
    let is_asset = path.starts_with("/assets/") && !path.contains("..");
    is_asset.then(|| std::fs::read(format!("/app{path}")).ok()).flatten()
}

fn ok(body: String) -> Response {
    Response { status: "200 OK", body: body.into_bytes() }
}
