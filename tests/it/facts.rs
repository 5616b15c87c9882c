//! The script of facts, run by this machine's own sh; and answers that are garbage.

use std::fs;
use std::path::Path;

use ops::facts::{self, Facts, Observed};
use ops::inventory::{Environment, Expect, Op, Severity, UserCheck, UserProbe, When};

use crate::sample;

const NONCE: &str = "3f1c0a9d5b7e2846";

#[expect(clippy::disallowed_methods, reason = "the test's own shell")]
fn answer_of(shell: &str, env: &Environment) -> Vec<u8> {
    let cmd = facts::script(env, &env.droplets[0], NONCE, When::Preflight);
    let out = std::process::Command::new(shell).arg("-c").arg(cmd.to_shell()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    out.stdout
}

fn read(env: &Environment, answer: &[u8]) -> Facts {
    facts::parse(env, &env.droplets[0], NONCE, answer)
}

fn gather(env: &Environment) -> Facts {
    read(env, &answer_of("sh", env))
}

/// The sample with everything on disk below `root`.
fn below(root: &Path) -> Environment {
    let mut env = sample::environment();
    let root = root.to_str().unwrap();
    env.stack.path = format!("{root}/stack").into();
    env.state_dir = format!("{root}/state").into();
    env
}

#[expect(clippy::disallowed_methods, reason = "the test's own git")]
fn git(dir: &str, args: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let done =
        std::process::Command::new("git").args(identity).arg("-C").arg(dir).args(args).output().unwrap();
    assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn own(name: &str, probe: UserProbe) -> UserCheck {
    UserCheck { name: name.into(), probe, severity: Severity::High, when: vec![When::Preflight] }
}

fn tcp(name: &str, address: &str) -> UserCheck {
    own(name, UserProbe::Tcp { address: address.into() })
}

#[test]
fn a_machine_tells_of_itself() {
    for shell in ["dash", "bash"] {
        let dir = tempfile::tempdir().unwrap();
        let env = below(dir.path());
        let facts = read(&env, &answer_of(shell, &env));
        let host = facts.host.unwrap();
        assert!(host.cpus > 0 && !host.hostname.is_empty() && !host.os.is_empty(), "{host:?}");
        let memory = facts.memory.unwrap();
        assert!(memory.total > memory.available && memory.available > 0, "{memory:?}");
        let mounts = facts.mounts.unwrap();
        let of = |purpose: &str| mounts.iter().find(|m| m.purposes.iter().any(|p| p == purpose)).unwrap();
        assert!(of("stack").size >= of("stack").free && of("root").mount_point == "/", "{mounts:?}");
        assert!(of("stack").purposes.contains(&"state".to_owned()), "one mount, one line: {mounts:?}");
        let stack = facts.stack.unwrap();
        assert!(!stack.exists && stack.writable && stack.git.is_none(), "{stack:?}");
        let state = facts.state.unwrap();
        assert!(state.writable && state.now > 1_700_000_000 && state.project.is_none(), "{state:?}");
        assert_eq!(facts.own.len(), 0);
    }
}

#[test]
fn a_listening_port_is_seen_and_asked() {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let dir = tempfile::tempdir().unwrap();
    let mut env = below(dir.path());
    env.checks = vec![tcp("open", &format!("127.0.0.1:{port}")), tcp("closed", "127.0.0.1:1")];
    let facts = gather(&env);
    let listeners = facts.listeners.unwrap();
    assert!(listeners.iter().any(|l| l.port == port && l.address == "127.0.0.1"), "{listeners:?}");
    assert_eq!(facts.own["open"], Ok(Observed::Tcp { open: true }));
    assert_eq!(facts.own["closed"], Ok(Observed::Tcp { open: false }));
}

#[test]
fn a_checkout_tells_its_commit_and_what_was_changed_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let mut env = below(dir.path());
    // A blank and a trailing slash, as people write them.
    env.stack.path = format!("{}/the stack/", dir.path().display()).into();
    let path = env.stack.path.as_str();
    fs::create_dir(path).unwrap();
    git(path, &["init", "-q"]);
    git(path, &["remote", "add", "origin", "https://me:s3cret@example.com/odoo.git"]);
    for name in ["a.py", "b c.py", "d.py"] {
        fs::write(format!("{path}/{name}"), "x = 1\n".repeat(20)).unwrap();
    }
    git(path, &["add", "."]);
    git(path, &["commit", "-q", "-m", "first"]);
    fs::write(format!("{path}/b c.py"), "changed").unwrap();
    git(path, &["mv", "d.py", "e.py"]);
    fs::write(format!("{path}/untracked"), "").unwrap();
    fs::write(format!("{path}/.env"), "PASSWORD=s3cret").unwrap();
    let answer = answer_of("sh", &env);
    assert!(!String::from_utf8_lossy(&answer).contains("s3cret"), "a secret left the droplet");
    let stack = read(&env, &answer).stack.unwrap();
    assert!(stack.exists && stack.env_file && stack.writable);
    let git = stack.git.unwrap();
    assert_eq!(git.head.len(), 40);
    assert_eq!(git.branch.as_deref(), Some("main"));
    assert_eq!(git.remote.as_deref(), Some("https://example.com/odoo.git"));
    assert_eq!(git.dirty, [" M b c.py", "R  e.py"]);
}

#[test]
fn records_are_found_by_the_stacks_path_and_broken_ones_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let env = below(dir.path());
    let home = dir.path().join("state/erp");
    for sub in ["lock", "releases/0", "releases/1", "runs/a", "runs/b", "runs/$(touch x)"] {
        fs::create_dir_all(home.join(sub)).unwrap();
    }
    fs::create_dir_all(dir.path().join("state/other")).unwrap();
    fs::write(dir.path().join("state/other/stack"), "/somewhere/else\n").unwrap();
    let put = |name: &str, text: &str| fs::write(home.join(name), text).unwrap();
    put("stack", &format!("{}/\n", env.stack.path));
    put("releases/current", "0\n");
    put(
        "releases/0/release.json",
        "{\n \"schema\":\"ops.release/1\",\"id\":\"0\",\"created\":\"2026-11-01T00:00:00Z\",\"run\":null,\
         \n\t\"git_ref\":null,\"sha\":\"abc\",\"images\":{},\"compose_hash\":\"\",\"operator\":null,\"reason\":\"a\\nb\"}\n",
    );
    put("releases/1/release.json", "{\"schema\":");
    let run = |id: &str, started: &str| {
        format!(
            "{{\"schema\":\"ops.run/1\",\"id\":\"{id}\",\"env\":\"prod\",\"command\":\"deploy\",\"title\":\"t\",\
             \"operator\":\"o\",\"reason\":null,\"started\":\"{started}\",\"ended\":null,\"exit\":null,\"release\":null}}"
        )
    };
    put("runs/a/run.json", &run("a", "2026-11-01T00:00:00Z"));
    put("runs/b/run.json", &run("b", "2026-11-02T00:00:00Z"));
    put("runs/$(touch x)/run.json", &run("c", "2026-11-03T00:00:00Z"));
    put(
        "lock/holder.json",
        r#"{"run":"b","command":"deploy","operator":"o","reason":null,"since":1,"heartbeat":2,"fence":3}"#,
    );
    let facts = gather(&env);
    let state = facts.state.as_ref().unwrap();
    assert_eq!(state.project.as_deref(), Some("erp"));
    assert_eq!(facts.current_release().unwrap().reason.as_deref(), Some("a\nb"));
    assert_eq!(state.unreadable, ["release 1"]);
    assert_eq!(state.runs.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(state.lock.as_ref().unwrap().fence, 3);
}

#[test]
fn the_newest_fifty_runs_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let env = below(dir.path());
    let home = dir.path().join("state/erp");
    for at in 0..60 {
        let run = home.join(format!("runs/run-{at}"));
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("run.json"), "{").unwrap();
    }
    fs::write(home.join("stack"), env.stack.path.as_str()).unwrap();
    assert_eq!(gather(&env).state.unwrap().unreadable.len(), 50);
}

#[test]
fn no_field_of_the_inventory_becomes_shell() {
    let dir = tempfile::tempdir().unwrap();
    let mark = dir.path().join("mark");
    let touch = format!("touch {}", mark.display());
    let long = "x".repeat(300);
    let evil = [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("; {touch};"),
        format!("'; {touch}; '"),
        format!("\"; {touch}; \""),
        format!("a\n{touch}\n"),
        format!("-o /x || {touch}"),
        format!("../../{long}"),
        "Ünïcödé \u{202e}".to_owned(),
        format!("x[$({touch})]"),
        format!("');\\! {touch}\n--"),
    ];
    for name in evil {
        let mut env = below(dir.path());
        env.stack.path = format!("{}/{name}", dir.path().display()).into();
        env.state_dir = format!("/nowhere/{name}").into();
        env.stack.compose = vec![name.clone().into(), format!("{name}\u{1f}b").into()];
        for field in [&mut env.stack.web, &mut env.stack.db, &mut env.stack.database] {
            field.clone_from(&name);
        }
        let proxy = env.proxy.as_mut().unwrap();
        proxy.server_name.clone_from(&name);
        proxy.site = name.clone().into();
        proxy.container = Some(name.clone());
        let http =
            UserProbe::Http { path: name.clone(), status: 200, contains: Some(name.clone()), max_time: None };
        let expect = Expect { op: Op::Eq, value: name.clone() };
        env.checks = vec![
            own("http", http),
            own("sql", UserProbe::Sql { query: name.clone(), expect }),
            tcp("tcp", &format!("{name}:80")),
            tcp(&name, &name),
        ];
        for shell in ["dash", "bash"] {
            let facts = read(&env, &answer_of(shell, &env));
            assert!(!mark.exists(), "{name} was executed");
            assert!(facts.host.is_ok() && facts.memory.is_ok(), "{facts:?}");
            assert!(facts.own["tcp"].is_err() && facts.own.contains_key(&name), "{:?}", facts.own);
        }
        // The same as an address of the inventory that is relative.
        env.stack.path = name.clone().into();
        env.state_dir = name.clone().into();
        assert!(gather(&env).mounts.is_ok(), "{name}");
        assert!(!mark.exists(), "{name} was executed");
    }
}

#[test]
fn a_cut_or_strange_answer_fails_only_what_it_touches() {
    let dir = tempfile::tempdir().unwrap();
    let env = below(dir.path());
    let whole = answer_of("sh", &env);
    for cut in (0..whole.len()).step_by(7) {
        let facts = read(&env, &whole[..cut]);
        assert!(facts.host.is_err(), "the last part is complete at {cut} of {}", whole.len());
    }
    let mut noisy = b"Welcome!\n\x1b[2J \xff\0".to_vec();
    noisy.extend(&whole);
    noisy.extend(b"\nbye");
    assert!(read(&env, &noisy).host.is_ok());
    let why = read(&env, b"").host.unwrap_err().why;
    assert!(why.contains("answer ended"), "{why}");
}

#[test]
fn what_a_droplet_prints_cannot_pose_as_another_fact() {
    let dir = tempfile::tempdir().unwrap();
    let env = below(dir.path());
    let home = dir.path().join("state/erp");
    fs::create_dir_all(home.join("releases")).unwrap();
    fs::write(home.join("stack"), env.stack.path.as_str()).unwrap();
    // The nonce is known here, as it could be to somebody who reads /proc at the right moment.
    fs::write(home.join("releases/current"), format!("\r{NONCE} host 0 6\nuid\t0\n")).unwrap();
    fs::write(home.join("releases/current.x"), "").unwrap();
    let facts = gather(&env);
    assert_ne!(facts.host.unwrap().hostname, "");
    assert!(facts.state.unwrap().current.unwrap().contains(NONCE));
}
