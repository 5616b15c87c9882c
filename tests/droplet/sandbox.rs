//! A temporary root in which a droplet program runs: its own processes, files and network, made by bubblewrap.
//!
//! `/usr` is the machine's, read-only. `docker`, `psql`, `restic` and the like are stubs that record their calls.
//! Nothing in here can reach a file, a process or a port of the machine.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ops::cmd::Cmd;
use ops::program::Program;
use tempfile::TempDir;

/// A shell that a droplet may have as `/bin/sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    Dash,
    Bash,
    Busybox,
}

impl Shell {
    pub const ALL: [Shell; 3] = [Shell::Dash, Shell::Bash, Shell::Busybox];

    /// Returns the shells that a test repeats itself in: all of them, or with `OPS_SHELLS=one` (`make check`, `make test`) one, which
    /// `OPS_SEED` and the name of the test choose.
    pub fn each() -> Vec<Shell> {
        let variable = |name: &str| std::env::var(name).ok();
        if variable("OPS_SHELLS").as_deref() != Some("one") {
            return Self::ALL.into();
        }
        let seed = variable("OPS_SEED").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
        let test: usize = std::thread::current().name().unwrap_or_default().bytes().map(usize::from).sum();
        vec![Self::ALL[seed.wrapping_add(test) % Self::ALL.len()]]
    }

    fn program(self) -> &'static str {
        match self {
            Shell::Dash => "/usr/bin/dash",
            Shell::Bash => "/usr/bin/bash",
            Shell::Busybox => "/usr/bin/busybox",
        }
    }

    /// The awk of a droplet with this shell, so that each program meets all three: Debian and Ubuntu have mawk.
    fn awk(self) -> &'static str {
        match self {
            Shell::Dash => "/usr/bin/mawk",
            Shell::Bash => "/usr/bin/gawk",
            Shell::Busybox => "/usr/bin/busybox",
        }
    }
}

/// Directories of the root that belong to the sandbox and outlive [`Sandbox::lose_power`]. `/run` does not.
const KEPT: [&str; 9] = ["etc", "var", "opt", "srv", "root", "home", "mnt", "tmp", "stubs"];
/// How long a call may take. A program that hangs fails its test instead of the whole run.
const LIMIT: Duration = Duration::from_secs(60);
/// Starts each call whose number arrives on stdin, in the background, and records its exit code. Run by dash: `read` of
/// busybox loses its input when a child ends meanwhile.
const INIT: &str = r#"
while read -r n; do
  (
    cd /root
    sh "/calls/$n/script" <"/calls/$n/stdin" >"/calls/$n/stdout" 2>"/calls/$n/stderr"
    echo $? >"/calls/$n/code.new" && mv "/calls/$n/code.new" "/calls/$n/code"
  ) &
done
"#;

/// A temporary root and its processes.
pub struct Sandbox {
    root: TempDir,
    shell: Shell,
    init: Child,
    calls: usize,
    /// `--size BYTES --tmpfs DIR` arguments: file systems that can be filled.
    disks: Vec<String>,
}

impl Sandbox {
    pub fn new(shell: Shell) -> Self {
        Self::with_disks(shell, &[])
    }

    /// `disks`: a directory and the bytes that its file system holds.
    pub fn with_disks(shell: Shell, disks: &[(&str, u64)]) -> Self {
        let root = tempfile::Builder::new().prefix("ops-droplet-").tempdir().unwrap();
        for dir in KEPT.iter().chain(&["bin", "run", "calls"]) {
            std::fs::create_dir(root.path().join(dir)).unwrap();
        }
        let bin = |name: &str| root.path().join("bin").join(name);
        std::os::unix::fs::symlink(shell.program(), bin("sh")).unwrap();
        std::os::unix::fs::symlink("/usr/bin/bash", bin("bash")).unwrap();
        std::os::unix::fs::symlink(shell.awk(), bin("awk")).unwrap();
        let sized = |(dir, bytes): &(&str, u64)| {
            ["--size".to_owned(), bytes.to_string(), "--tmpfs".to_owned(), (*dir).to_owned()]
        };
        let disks: Vec<_> = disks.iter().flat_map(sized).collect();
        let init = start(root.path(), &disks);
        Self { root, shell, init, calls: 0, disks }
    }

    pub fn shell(&self) -> Shell {
        self.shell
    }

    /// From now on `/bin/sh` is this one.
    pub fn use_shell(&mut self, shell: Shell) {
        let sh = self.path("/bin/sh");
        std::fs::remove_file(&sh).unwrap();
        std::os::unix::fs::symlink(shell.program(), sh).unwrap();
        self.shell = shell;
    }

    /// Where the machine has a path of the sandbox.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.path().join(inside.trim_start_matches('/'))
    }

    /// Writes a file and the directories above it.
    pub fn write(&self, inside: &str, text: impl AsRef<[u8]>) {
        let path = self.path(inside);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[track_caller]
    pub fn read(&self, inside: &str) -> String {
        std::fs::read_to_string(self.path(inside)).unwrap_or_else(|error| panic!("{inside}: {error}"))
    }

    pub fn exists(&self, inside: &str) -> bool {
        self.path(inside).symlink_metadata().is_ok()
    }

    /// Puts a program on PATH, before the machine's. It appends its words, separated by spaces, as one line to the
    /// record of its calls and then runs `body`, a POSIX script with the words in `$@`.
    pub fn stub(&self, name: &str, body: &str) {
        let text = format!(
            "#!/usr/bin/dash\necho \"$*\" | tr '\\n' ' ' >>/calls/of-{name}; echo >>/calls/of-{name}\n{body}\n"
        );
        self.write(&format!("/stubs/{name}"), text);
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.path(&format!("/stubs/{name}")), executable).unwrap();
    }

    /// How a stub was called, a line for each call.
    pub fn calls(&self, stub: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path(&format!("/calls/of-{stub}"))).unwrap_or_default();
        text.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Runs a command as the transport does and waits for its end.
    #[track_caller]
    pub fn run(&mut self, cmd: &Cmd) -> Ran {
        let started = self.start(cmd);
        self.wait(started)
    }

    /// Runs a script and waits for its end.
    #[track_caller]
    pub fn sh(&mut self, script: &str) -> Ran {
        let started = self.start_text(script, "");
        self.wait(started)
    }

    /// Starts a command and comes back.
    pub fn start(&mut self, cmd: &Cmd) -> Started {
        self.start_text(&cmd.to_script(), cmd.stdin_text().unwrap_or_default())
    }

    fn start_text(&mut self, script: &str, stdin: &str) -> Started {
        self.calls += 1;
        let n = self.calls;
        self.write(&format!("/calls/{n}/script"), script);
        self.write(&format!("/calls/{n}/stdin"), stdin);
        // In one write: busybox's `read` loses the part of a line that came before the end of another call.
        self.init.stdin.as_mut().unwrap().write_all(format!("{n}\n").as_bytes()).unwrap();
        Started(n)
    }

    /// Waits for the end of a call.
    #[track_caller]
    pub fn wait(&mut self, Started(n): Started) -> Ran {
        let code = format!("/calls/{n}/code");
        let deadline = Instant::now() + LIMIT;
        while !self.exists(&code) {
            assert!(Instant::now() < deadline, "the program does not end\n{}", self.said(n, None));
            assert!(self.init.try_wait().unwrap().is_none(), "the sandbox ended\n{}", self.said(n, None));
            std::thread::sleep(Duration::from_millis(2));
        }
        self.said(n, self.read(&code).trim().parse().ok())
    }

    fn said(&self, n: usize, code: Option<i32>) -> Ran {
        let bytes = |name: &str| std::fs::read(self.path(&format!("/calls/{n}/{name}"))).unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let stdout = bytes("stdout");
        Ran { code, out: text(&stdout), err: text(&bytes("stderr")), stdout }
    }

    /// Loses its power, and afterwards has this directory mounted read-only, as after an error of the disk.
    pub fn lose_power_and_mount_read_only(&mut self, dir: &str) {
        let there = self.path(dir).to_str().unwrap().to_owned();
        self.disks.extend(["--ro-bind".to_owned(), there, dir.to_owned()]);
        self.lose_power();
    }

    /// Ends every process at once, as a loss of power does, and boots again: files stay, `/run` is empty.
    pub fn lose_power(&mut self) {
        let _ = self.init.kill();
        self.init.wait().unwrap();
        let run = self.path("/run");
        std::fs::remove_dir_all(&run).unwrap();
        std::fs::create_dir(&run).unwrap();
        self.init = start(self.root.path(), &self.disks);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The first process of the namespace takes all others with it.
        let _ = self.init.kill();
        let _ = self.init.wait();
    }
}

fn start(root: &Path, disks: &[String]) -> Child {
    let mut command = Command::new("bwrap");
    command.args(["--unshare-all", "--uid", "0", "--gid", "0", "--die-with-parent", "--hostname", "droplet"]);
    command.args([
        "--ro-bind",
        "/usr",
        "/usr",
        "--symlink",
        "/usr/lib",
        "/lib",
        "--symlink",
        "/usr/lib64",
        "/lib64",
    ]);
    command.args(["--symlink", "/usr/sbin", "/sbin", "--proc", "/proc", "--dev", "/dev"]);
    for dir in KEPT.iter().chain(&["bin", "run", "calls"]) {
        command.arg("--bind").arg(root.join(dir)).arg(format!("/{dir}"));
    }
    command.args(disks);
    command.args(["--ro-bind", "/etc/alternatives", "/etc/alternatives"]);
    command.args([
        "--clearenv",
        "--setenv",
        "PATH",
        "/stubs:/bin:/usr/sbin:/usr/bin",
        "--setenv",
        "HOME",
        "/root",
    ]);
    command.args(["/usr/bin/dash", "-c", INIT]).stdin(Stdio::piped()).stdout(Stdio::null());
    command.spawn().unwrap()
}

/// A script of a test, with its arguments: the product's own are [`ops::program::Program`]s.
pub fn script(text: &str, args: impl IntoIterator<Item = impl Into<String>>) -> Cmd {
    Cmd::new("sh").arg("-c").arg(text).arg("test").args(args)
}

/// A call that was started.
pub struct Started(usize);

/// What a program came to.
#[derive(Debug)]
pub struct Ran {
    /// `None`: it did not end.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    /// What `out` shows, to the byte.
    pub stdout: Vec<u8>,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert!(self.code == Some(code), "wanted exit code {code}\n{self}");
        self
    }

    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.out.contains(text) || self.err.contains(text), "it does not say: {text}\n{self}");
        }
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, out, err, .. } = self;
        write!(f, "exit {code:?}\n--- stdout\n{out}\n--- stderr\n{err}")
    }
}

#[test]
fn sandbox_isolates_a_program_and_records_its_calls() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::with_disks(shell, &[("/var/small", 65536)]);
        sandbox.stub("docker", "echo from the stub; exit 7");
        sandbox.write("/etc/some/file", "text");
        const TEST: Program = Program::shell("test", &["cat /etc/some/file; docker ps \"$1\""]);
        let ran = sandbox.run(&Cmd::script(TEST, ["a b"]));
        assert_eq!((ran.code, ran.out.as_str()), (Some(7), "textfrom the stub\n"), "{ran}");
        assert_eq!(sandbox.calls("docker"), ["ps a b"]);
        sandbox.sh("head -c 100000 /dev/zero >/var/small/full").exits(1);
        sandbox
            .sh("[ \"$(id -u)\" = 0 ] && ! touch /usr/bin/new 2>/dev/null && [ \"$(ls /proc | grep -c '^[0-9]')\" -lt 12 ]")
            .exits(0);
        sandbox.sh("setsid sleep 100 & echo x >/run/x; echo y >/var/y").exits(0);
        sandbox.lose_power();
        sandbox.sh("[ ! -e /run/x ] && [ -e /var/y ] && ! ps -e 2>/dev/null | grep sleep").exits(0);
    }
}
