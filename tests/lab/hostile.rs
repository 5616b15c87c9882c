//! Secrets that must be nowhere, and names that must be nothing but names. On demo-1.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;
use crate::terminal::Terminal;

/// One for every way a secret can come from; a password that the stack uses, too.
const CANARIES: [&str; 4] =
    ["canary-env-4b1d", "canary-file-77ce", "canary-cmd-09fa", "canary-password-e3c2"];

/// A laptop whose inventory names the canaries.
fn laptop() -> Laptop {
    let plain = crate::droplet::lab(&["inventory"]);
    let password = plain.lines().find_map(|line| line.trim().strip_prefix("env: ")).unwrap();
    let secrets = "{ POSTGRES_PASSWORD: { file: secret/password }, A: { env: OPS_CANARY }, \
                   B: { file: secret/file }, C: { cmd: [cat, secret/cmd] } }";
    let laptop = Laptop::with(&[(password, secrets)]);
    let secret = |name: &str, text: &str| {
        std::fs::create_dir_all(laptop.file("secret")).unwrap();
        std::fs::write(laptop.file("secret").join(name), format!("{text}\n")).unwrap();
    };
    secret("file", CANARIES[1]);
    secret("cmd", CANARIES[2]);
    secret("password", CANARIES[3]);
    laptop
}

#[track_caller]
fn silent(what: &str, text: &str) {
    for canary in CANARIES {
        assert!(!text.contains(canary), "{what} tells {canary}\n{text}");
    }
}

/// Looks at the command lines of all processes, the droplet's included, until it is told to stop.
struct Watcher {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, Vec<String>)>,
}

impl Watcher {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let (mut rounds, mut seen) = (0, Vec::new());
            while !told.load(Ordering::Relaxed) {
                rounds += 1;
                seen.extend(command_lines().filter(|line| tells(line)));
                std::thread::sleep(Duration::from_millis(15));
            }
            (rounds, seen)
        });
        Self { stop, thread }
    }

    #[track_caller]
    fn saw_nothing(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (rounds, seen) = self.thread.join().unwrap();
        assert!(rounds > 100, "it looked only {rounds} times");
        assert!(seen.is_empty(), "{seen:?}");
    }
}

/// Odoo's own image hands its database's password to Odoo on the command line; that is not ours to change.
fn tells(line: &str) -> bool {
    let images_own = line.contains("/wait-for-psql.py ") || line.contains("/usr/bin/odoo ");
    let known = if images_own { &CANARIES[..3] } else { &CANARIES[..] };
    known.iter().any(|canary| line.contains(canary))
}

fn command_lines() -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let bytes = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
}

/// The files of a directory that hold a canary.
fn tellers(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.extend(tellers(&entry.path()));
        } else if kind.is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            if CANARIES.iter().any(|canary| text.contains(canary)) {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Every file of the droplet that holds such a text, and how often the system's journal does.
fn holders(droplet: Droplet, pattern: &str) -> String {
    droplet.root(&format!(
        "find / -xdev -type f -not -path '*/overlay2/*' -print0 | xargs -0 grep -alE '{pattern}' 2>/dev/null
         grep -ralE '{pattern}' /var/lib/docker/containers /var/lib/docker/volumes /run /tmp 2>/dev/null
         echo journal \"$(journalctl --no-pager | grep -cE '{pattern}')\""
    ))
}

pub fn a_secret_is_nowhere_but_in_its_file() {
    let droplet = DEMO.fresh();
    let laptop = laptop();
    let with_canary = |args: &[&str]| {
        let mut command = laptop.command(args);
        command.env("OPS_CANARY", CANARIES[0]);
        command
    };
    let said = |args: &[&str]| {
        let output = with_canary(args).output().unwrap();
        let text =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert_eq!(output.status.code(), Some(0), "{args:?}\n{text}");
        silent(&args.join(" "), &text);
        text
    };
    said(&["config", "check"]);
    // A command of the inventory runs only after somebody looked at it.
    let output = with_canary(&["deploy", "demo", "--ref", "standin", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not trusted to run commands"));
    let watcher = Watcher::start();
    let mut terminal = Terminal::start(with_canary(&["deploy", "demo", "--ref", "standin", "-vv"]));
    terminal.is_asked("Trust it, as it is now? [y/N]").types("y\n");
    terminal.is_asked("Carry out this plan: deploy demo on demo-1? [y/N]").types("y\n");
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    silent("the terminal", &terminal.shown());
    said(&["deploy", "demo", "--ref", "standin-code", "--yes", "-vv", "--output", "json"]);
    said(&["preflight", "demo", "--ref", "standin-code", "-vv", "--output", "markdown"]);
    watcher.saw_nothing();
    let runs = laptop.json(&["runs", "list", "demo"]);
    for run in runs["runs"].as_array().unwrap() {
        let id = run["id"].as_str().unwrap();
        said(&["runs", "show", id, "--output", "json"]);
        said(&["runs", "logs", id]);
    }
    // It is there, it works, and it is readable by its owner only.
    let env = droplet.root("cat /opt/odoo/.env; stat -c %a /opt/odoo/.env");
    assert!(CANARIES.iter().all(|canary| env.contains(canary)) && env.ends_with("\n600"), "{env}");
    droplet.login_page();
    // The engine's records of a container hold its environment, and so the password; nothing else does.
    let engine =
        ["/var/lib/docker/containers/", "/var/lib/containerd/", "/run/containerd/", "/tmp/runc-process"];
    let ours = |line: &&str| !engine.iter().any(|place| line.starts_with(place));
    let password = holders(droplet, "canary-password-");
    assert_eq!(password.lines().filter(ours).collect::<Vec<_>>(), ["/opt/odoo/.env", "journal 0"]);
    assert_eq!(holders(droplet, "canary-(env|file|cmd)-"), "/opt/odoo/.env\njournal 0");
    // And on the laptop.
    let mut files = tellers(laptop.file(".").as_path());
    files.sort();
    assert_eq!(files, ["./secret/cmd", "./secret/file", "./secret/password"].map(|name| laptop.file(name)));
    assert_eq!(tellers(Path::new("/tmp/ops-0")), [""; 0].map(PathBuf::from));
}

lab_test!(lab, demo, names_and_messages_of_a_repository_are_data);
fn names_and_messages_of_a_repository_are_data() {
    let droplet = DEMO.fresh();
    let laptop = Laptop::new();
    laptop.deploy("demo", "standin", &[]).exits(0);
    // Somebody's branch: files, a commit's message and its author that a shell or a terminal trips over.
    droplet.root(
        r#"export GIT_COMMITTER_NAME="$(printf 'a\033[2J$(touch /tmp/pwned-1)')" GIT_COMMITTER_EMAIL='$(touch /tmp/pwned-2)@x'
        export GIT_AUTHOR_NAME="$GIT_COMMITTER_NAME" GIT_AUTHOR_EMAIL="$GIT_COMMITTER_EMAIL"
        rm -rf /root/w && git clone -q -b standin-code git@git.lab:/srv/git/odoo-ce.git /root/w && cd /root/w
        dir=custom-addons/ipai_docs/static; mkdir -p "$dir"
        for name in '$(touch pwned-3)' '; touch pwned-4' '`touch pwned-5`' '-rf' "it's" 'a"b' 'naïve 漢字' "$(printf 'a\nb')" \
          "$(printf 'x\033[2J')" "$(printf '%0200d' 1)"; do echo x >"$dir/$name"; done
        git checkout -q -b 'feature/naïve-漢字' && git add -A
        git commit -q -m "$(printf '$(touch /tmp/pwned-6) `touch /tmp/pwned-7` \033]0;owned\007\033[2J\r; touch /tmp/pwned-8')"
        git push -q origin HEAD"#,
    );
    let reason = "it's $(touch /tmp/pwned-9) `touch /tmp/pwned-10` \"quoted\" ; touch /tmp/pwned-11";
    let ran = laptop.deploy("demo", "feature/naïve-漢字", &["--reason", reason, "-vv"]).exits(0);
    let raw = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    assert!(!raw(&ran.out) && !raw(&ran.err), "{ran}");
    assert_eq!(droplet.release(), "standin-code");
    let kept = droplet.root("ls /var/lib/ops/odoo/releases/*/src/custom-addons/ipai_docs/static | grep -c .");
    assert!(kept.parse::<usize>().unwrap() >= 10, "{kept} files");
    let shown = laptop.json(&["runs", "list", "demo"]);
    assert_eq!(shown["runs"][0]["reason"], reason, "{shown}");
    assert_eq!(droplet.root("find / -xdev -name 'pwned-*' -not -path '*/static/*' 2>/dev/null; :"), "");
    assert!(left_behind(&["/tmp", "."]).is_empty());
}

/// Files that a command left which should never have run, on this machine.
fn left_behind(dirs: &[&str]) -> Vec<String> {
    let names = dirs.iter().flat_map(std::fs::read_dir).flatten().flatten();
    names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("pwned-"))
        .collect()
}
