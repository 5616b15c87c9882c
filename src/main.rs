//! The thin binary: reads what the process was given, once, and hands it to the library.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use ops::world::{Terminal, World};

fn main() -> ExitCode {
    match start() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there is no terminal to speak of yet")]
            {
                eprintln!("Error: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<u8> {
    let args: Vec<OsString> = std::env::args_os().collect();
    let world = world()?;
    if ops::cli::complete::wanted(&world) && ops::cli::complete::answer(&world, &args, Some(&world.cwd)) {
        return Ok(0);
    }
    ops::cli::hear_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the threads of this program")?;
    let work = AssertUnwindSafe(|| runtime.block_on(ops::cli::run(world, &args)));
    // The fault was told where it happened; how far the work got is not known here.
    let code = std::panic::catch_unwind(work).unwrap_or_else(|_| ops::exit::Exit::Unknown.code());
    // A question that nobody answers any more must not hold the process.
    runtime.shutdown_background();
    Ok(code)
}

/// The one place that reads the environment, the clock and the terminal.
#[expect(clippy::disallowed_methods, reason = "this is the place")]
fn world() -> Result<World> {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let dirs = directories::ProjectDirs::from("", "", "ops");
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
    let home = home.context("this user has no home directory; set $HOME")?;
    let dir = |own: Option<&Path>, other: &str| own.map_or_else(|| home.join(other), Path::to_owned);
    let operator = operator(&env);
    Ok(World {
        cwd: std::env::current_dir().context("the current directory is gone")?,
        config_dir: dir(dirs.as_ref().map(directories::ProjectDirs::config_dir), ".config/ops"),
        state_dir: dir(dirs.as_ref().and_then(directories::ProjectDirs::state_dir), ".local/state/ops"),
        runtime_dir: runtime_dir(&env),
        home,
        program: std::env::current_exe().ok(),
        operator,
        clock: Arc::new(jiff::Timestamp::now),
        terminal: Terminal {
            stdin: std::io::stdin().is_terminal(),
            stdout: std::io::stdout().is_terminal(),
            stderr: std::io::stderr().is_terminal(),
        },
        env,
    })
}

/// `alice@laptop`: who is named in journals and locks. `$USER` is what a colleague calls this person;
/// the system's own name of the user comes second, because containers and `sudo` lose the first.
fn operator(env: &BTreeMap<String, String>) -> String {
    let name = env.get("USER").or_else(|| env.get("LOGNAME")).filter(|name| !name.is_empty()).cloned();
    let name = name.or_else(|| Some(nix::unistd::User::from_uid(nix::unistd::getuid()).ok()??.name));
    let name = name.unwrap_or_else(|| format!("uid{}", rustix::process::getuid().as_raw()));
    let host = rustix::system::uname();
    ops::text::printable(&format!("{name}@{}", host.nodename().to_string_lossy()))
}

/// Short: a control socket's path has at most 104 bytes. That it is this user's alone is seen to where
/// it is used.
fn runtime_dir(env: &BTreeMap<String, String>) -> PathBuf {
    let uid = rustix::process::getuid().as_raw();
    match env.get("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute() && dir.is_dir()) {
        Some(dir) if dir.as_os_str().len() < 40 => dir.join("ops"),
        _ => PathBuf::from(format!("/tmp/ops-{uid}")),
    }
}
