//! A real sshd on a loopback address, with keys of its own, that dies with the test.
#![expect(clippy::disallowed_methods, reason = "a fixture starts processes and reads the environment")]

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::inventory::{Address, Become, Droplet, Role, SshAddress};
use ops::world::{Terminal, World};

/// The server, its client's files, and a world that knows only them.
pub(crate) struct Sshd {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) ip: String,
    pub(crate) port: u16,
    process: Child,
}

impl Sshd {
    pub(crate) fn start() -> Self {
        Self::with("127.0.0.1", "")
    }

    /// Commands find `bin` below the server's directory before everything else.
    pub(crate) fn with_path(extra: &str) -> Self {
        Self::build("127.0.0.1", extra, true)
    }

    /// `extra` are lines of sshd_config.
    pub(crate) fn with(ip: &str, extra: &str) -> Self {
        Self::build(ip, extra, false)
    }

    fn build(ip: &str, extra: &str, bin: bool) -> Self {
        // Short: control sockets live below it.
        let dir = tempfile::Builder::new().prefix("ot").tempdir_in("/tmp").unwrap();
        for key in ["host", "id", "other"] {
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &path(&dir, key)]);
        }
        std::fs::copy(dir.path().join("id.pub"), dir.path().join("authorized_keys")).unwrap();
        let port = free_port(ip);
        // The level keeps bash from running what this machine's user has in ~/.bashrc.
        let path_env = match bin {
            true => format!(" PATH={}:{}", path(&dir, "bin"), std::env::var("PATH").unwrap()),
            false => String::new(),
        };
        let set_env = format!("SetEnv SHLVL=5{path_env}");
        let config = format!(
            "Port {port}\nListenAddress {ip}\nHostKey {host}\nAuthorizedKeysFile {keys}\nStrictModes no\n\
             PidFile none\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n{set_env}\n{extra}\n",
            host = path(&dir, "host"),
            keys = path(&dir, "authorized_keys"),
        );
        std::fs::write(dir.path().join("sshd_config"), config).unwrap();
        let process = serve(&dir, ip, port);
        let sshd = Self { dir, ip: ip.to_owned(), port, process };
        sshd.know(&sshd.host_key());
        std::fs::write(sshd.dir.path().join("ssh_config"), "").unwrap();
        sshd
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn host_key(&self) -> String {
        let key = std::fs::read_to_string(self.path("host.pub")).unwrap();
        key.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// Writes this key of the server, alone, into known_hosts.
    pub(crate) fn know(&self, key: &str) {
        let line = format!("[{}]:{} {key}\n", self.ip, self.port);
        std::fs::write(self.path("known_hosts"), line).unwrap();
    }

    pub(crate) fn world(&self) -> World {
        world(self.dir.path())
    }

    pub(crate) fn address(&self) -> SshAddress {
        address(self.dir.path(), &self.ip, self.port)
    }

    pub(crate) fn droplet(&self) -> Droplet {
        droplet(self.address())
    }

    /// Every process on this machine that has this server's directory or port on its command line.
    pub(crate) fn masters(&self) -> Vec<String> {
        let ours = path(&self.dir, "run");
        processes().into_iter().map(|(_, line)| line).filter(|line| line.contains(&ours)).collect()
    }

    /// Kills the clients' masters, as a battery that is empty would.
    pub(crate) fn kill_masters(&self) {
        let ours = path(&self.dir, "run");
        for (pid, line) in processes() {
            if line.contains(&ours) {
                run("kill", &["-9", &pid.to_string()]);
            }
        }
    }

    /// Kills the processes that serve connections; the listener stays.
    pub(crate) fn kill_sessions(&self) {
        for pid in children(self.process.id()) {
            run("kill", &["-9", &pid.to_string()]);
        }
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.process = serve(&self.dir, &self.ip, self.port);
    }

    pub(crate) fn stop(&mut self) {
        self.kill_sessions();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(dir: &tempfile::TempDir, ip: &str, port: u16) -> Child {
    std::fs::create_dir_all("/run/sshd").ok();
    let process = Command::new("/usr/sbin/sshd")
        .args(["-D", "-f", &path(dir, "sshd_config"), "-E", &path(dir, "sshd.log")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect((ip, port)).is_err() {
        assert!(Instant::now() < deadline, "sshd does not listen");
        std::thread::sleep(Duration::from_millis(10));
    }
    process
}

fn address(dir: &Path, ip: &str, port: u16) -> SshAddress {
    SshAddress {
        host: ip.to_owned(),
        port: Some(port),
        user: None,
        jump: None,
        identity: Some(dir.join("id")),
        config: Some(dir.join("ssh_config")),
        known_hosts: Some(dir.join("known_hosts")),
        connect_timeout: Duration::from_secs(5),
        r#become: Become::No,
    }
}

pub(crate) fn droplet(address: SshAddress) -> Droplet {
    Droplet {
        name: "erp-1".to_owned(),
        address: Address::Ssh(address),
        roles: vec![Role::Web, Role::Db],
        compose: vec!["compose.yaml".into()],
    }
}

pub(crate) fn world(dir: &Path) -> World {
    World {
        env: BTreeMap::from([("PATH".to_owned(), std::env::var("PATH").unwrap())]),
        cwd: dir.to_owned(),
        home: dir.to_owned(),
        program: None,
        config_dir: dir.join("config"),
        state_dir: dir.join("state"),
        runtime_dir: dir.join("run"),
        operator: "test@laptop".to_owned(),
        clock: Arc::new(jiff::Timestamp::now),
        terminal: Terminal { stdin: false, stdout: false, stderr: false },
    }
}

pub(crate) fn executable(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn free_port(ip: &str) -> u16 {
    TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port()
}

pub(crate) fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn path(dir: &tempfile::TempDir, name: &str) -> String {
    dir.path().join(name).display().to_string()
}

/// The command lines and environments of all processes, by process id.
pub(crate) fn processes() -> Vec<(u32, String)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse() else { continue };
        for file in ["cmdline", "environ"] {
            if let Ok(bytes) = std::fs::read(entry.path().join(file)) {
                all.push((pid, String::from_utf8_lossy(&bytes).replace('\0', " ")));
            }
        }
    }
    all
}

/// The processes at a moment when the command `needle` runs, which is ended then: however busy the
/// machine is, it is there for as long as it takes to be seen.
pub(crate) async fn processes_beside(needle: &str) -> Vec<String> {
    let deadline = Instant::now() + Duration::from_secs(50);
    loop {
        let all = processes();
        if let Some((pid, _)) = all.iter().find(|(_, line)| line.trim_end() == needle) {
            run("kill", &[&pid.to_string()]);
            return all.into_iter().map(|(_, line)| line).collect();
        }
        assert!(Instant::now() < deadline, "{needle} was never seen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn children(parent: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        // Only sshd itself: what runs on the droplet goes on when a connection dies.
        if stat.contains("(sshd") && after_name.split(' ').nth(1) == Some(&parent.to_string()) {
            found.extend(children(pid));
            found.push(pid);
        }
    }
    found
}

/// Waits until it holds; says what did not come true.
pub(crate) async fn eventually(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A test that runs itself again as another process, to be killed or to be given a terminal.
pub(crate) mod rerun {
    use super::*;

    /// The directory of the server, in the other process.
    pub(crate) fn role() -> Option<PathBuf> {
        std::env::var_os("OPS_TEST_SERVER").map(PathBuf::from)
    }

    /// What is needed to reach the server from there.
    pub(crate) fn load(dir: &Path) -> (World, Droplet) {
        let port = std::fs::read_to_string(dir.join("port")).unwrap().parse().unwrap();
        let address = super::address(dir, "127.0.0.1", port);
        (super::world(dir), super::droplet(address))
    }

    pub(crate) fn command(sshd: &Sshd, test: &str) -> Command {
        std::fs::write(sshd.path("port"), sshd.port.to_string()).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture"]).env("OPS_TEST_SERVER", sshd.dir.path());
        command
    }

    pub(crate) fn start(sshd: &Sshd, test: &str) -> Child {
        let quiet = || Stdio::null();
        command(sshd, test).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap()
    }
}
