//! The facts of a droplet (`gather.sh` and its probes): each probe fails alone, and none can speak for another.

use std::collections::BTreeSet;

use ops::facts::{self, Facts};
use ops::inventory::{Environment, Severity, UserCheck, UserProbe, When};

use crate::sample;
use crate::sandbox::{Ran, Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, stub, tell};

const NONCE: &str = "3f1c0a9d5b7e2846";
const INSPECTED: &str = r#"{"id":"0d00","name":"/p-odoo-1","project":"p","service":"odoo","oneoff":"False","config_files":"/opt/odoo/compose.yaml","working_dir":"/opt/odoo","state":"running","health":null,"exit_code":0,"restarts":0,"oom_killed":false,"started":"2026-11-20T21:43:38Z","image":"odoo:14","image_id":"sha256:o","bindings":null,"ports":null,"mounts":[]}
{"id":"db00","name":"/p-db-1","project":"p","service":"db","oneoff":"False","config_files":"/opt/odoo/compose.yaml","working_dir":"/opt/odoo","state":"running","health":"healthy","exit_code":0,"restarts":0,"oom_killed":false,"started":"2026-11-20T21:43:38Z","image":"postgres:15","image_id":"sha256:p","bindings":null,"ports":null,"mounts":[]}
"#;
const SITE: &str =
    "upstream odoo { server 127.0.0.1:8069; }\nserver { location / { proxy_pass http://odoo; } }\n";

const DOCKER: &str = r#"
line() { printf '%s\037running\037%s\037%s\037False\037%s\037%s\n' "$@"; }
case "$*" in
	info*) printf 'engine\t26.1.5\nroot\t/var/lib/docker\ncompose\tv2.26.1\n' ;;
	'ps '*)
		line 0d00 p odoo /opt/odoo /opt/odoo/compose.yaml
		line db00 p db /opt/odoo /opt/odoo/compose.yaml
		line eeee elsewhere odoo /srv/elsewhere /srv/elsewhere/compose.yaml ;;
	'inspect --type container '*' 0d00 db00') cat /stubs/inspected ;;
	'exec db00 '*) echo '{"server_version":"15.6 (Debian)","bytes":1000,"exists":false,"aside":null}' ;;
	'top 0d00 '*) printf 'PID\n1\n' ;;
	*) echo "no such words: $*" >&2; exit 64 ;;
esac
"#;

fn environment() -> Environment {
    let mut env = sample::environment();
    let tcp = |name: &str| UserCheck {
        name: name.into(),
        probe: UserProbe::Tcp { address: "127.0.0.1:1".into() },
        severity: Severity::High,
        when: vec![When::Preflight],
    };
    env.checks = vec![tcp("closed")];
    env
}

/// A droplet with a stack and nginx. `/stubs/limit` has the seconds that a probe may take here instead of 20.
fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    sandbox.stub(
        "timeout",
        r#"limit=$(cat /stubs/limit 2>/dev/null || echo 20)
case $1 in
	-k) shift 3; set -- "$limit" "$@" ;;
	23) shift; set -- "$((limit + 1))" "$@" ;;
	24) shift; set -- "$((limit + 2))" "$@" ;;
esac
exec /usr/bin/timeout -k 0.2 "$@""#,
    );
    for (name, body) in [
        ("docker", DOCKER),
        ("ss", "echo 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=1,fd=3))'"),
        ("df", "exec /usr/bin/df \"$@\""),
        ("git", "exec /usr/bin/git \"$@\""),
        ("grep", "exec /usr/bin/grep \"$@\""),
        ("sha256sum", "exec /usr/bin/sha256sum \"$@\""),
        ("systemctl", "exit 1"),
        ("nginx", "case $1 in -T) cat /etc/nginx/sites-enabled/odoo ;; esac"),
        ("restic", "echo 'restic 0.18.0 compiled'"),
        ("ps", "exec /usr/bin/ps \"$@\""),
    ] {
        stub(&sandbox, name, body);
    }
    sandbox.write("/stubs/inspected", INSPECTED);
    sandbox.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    sandbox.write("/etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
    sandbox.write("/etc/nginx/sites-enabled/odoo", SITE);
    sandbox.write("/run/nginx.pid", "1\n");
    sandbox.write("/opt/odoo/compose.yaml", "services: {}\n");
    sandbox.write("/var/lib/ops/p/stack", "/opt/odoo\n");
    sandbox.write("/var/lib/ops/p/schedule/plan.json", "{}\n");
    sandbox
}

fn gather(sandbox: &mut Sandbox) -> (Facts, Ran) {
    let env = environment();
    let ran = sandbox.run(&facts::script(&env, &env.droplets[0], NONCE, When::Preflight));
    (facts::parse(&env, &env.droplets[0], NONCE, &ran.stdout), ran)
}

/// The facts that are not known.
fn unknown(facts: &Facts) -> BTreeSet<String> {
    let json = serde_json::to_value(facts).unwrap();
    let mut unknown: BTreeSet<String> = json
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, one)| one.get("Err").is_some())
        .map(|(name, _)| name.clone())
        .collect();
    unknown.extend(facts.own.iter().filter(|(_, one)| one.is_err()).map(|(name, _)| format!("own.{name}")));
    unknown
}

/// A value of a fact that no probe may change by failing.
fn of(facts: &Facts) -> [Option<String>; 6] {
    let text = |one: &dyn std::fmt::Debug| Some(format!("{one:?}"));
    [
        facts.host.as_ref().ok().and_then(|one| text(&one.hostname)),
        facts.docker.as_ref().ok().and_then(|one| text(one)),
        facts.listeners.as_ref().ok().and_then(|one| text(one)),
        facts.containers.as_ref().ok().and_then(|one| text(one)),
        facts.database.as_ref().ok().and_then(|one| text(one)),
        facts.schedule.as_ref().ok().and_then(|one| text(one)),
    ]
}

#[test]
fn facts_of_a_droplet_in_good_order_are_all_known() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let (facts, ran) = gather(sandbox);
        assert!(unknown(&facts).is_empty(), "{:?}\n{facts:?}\n{}", unknown(&facts), ran.err);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{shell:?}");
        assert_eq!(facts.host.as_ref().unwrap().hostname, "droplet");
        let docker = facts.docker.as_ref().unwrap();
        assert_eq!(
            (docker.engine.as_str(), docker.compose.as_deref(), docker.root_dir.as_str()),
            ("26.1.5", Some("2.26.1"), "/var/lib/docker")
        );
        let names: Vec<_> = facts.containers.as_ref().unwrap().iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["p-db-1", "p-odoo-1"]);
        assert_eq!(facts.project(), Some("p"));
        assert_eq!(facts.database.as_ref().unwrap().as_ref().unwrap().server_version, "15.6");
        assert!(facts.memory.as_ref().unwrap().web.is_some_and(|bytes| bytes > 0));
        assert_eq!(facts.listeners.as_ref().unwrap()[0].port, 22);
        let proxy = facts.proxy.as_ref().unwrap().as_ref().unwrap();
        assert!(proxy.running && proxy.site_seen && proxy.config_fault.is_none(), "{proxy:?}");
        assert_eq!(proxy.upstreams["odoo"], ["127.0.0.1:8069"]);
        assert_eq!(facts.schedule.as_ref().unwrap().files.len(), 1);
        assert_eq!(facts.own.len(), 1);
    }
}

/// A tool, the words of the call, and the facts that are unknown when it fails, hangs, or prints garbage.
const TOOLS: [(&str, &str, &[&str], &[&str]); 8] = [
    ("docker", "info --format", &["backups", "containers", "database", "docker"], &["docker"]),
    ("docker", " ps ", &["backups", "containers", "database", "docker"], &[]),
    ("docker", "inspect --type", &["containers"], &["containers"]),
    ("docker", "exec db00", &["database"], &["database"]),
    ("docker", "top", &[], &[]),
    ("ss", "-Hltnp", &["listeners"], &["listeners"]),
    ("df", "-B1", &["mounts"], &["mounts"]),
    ("grep", "MemTotal", &["memory"], &["memory"]),
];

#[test]
fn docker_that_fails_leaves_every_other_fact_known() {
    each_tool_fails(0..5);
}

#[test]
fn tool_of_a_probe_that_fails_leaves_every_other_fact_known() {
    each_tool_fails(5..TOOLS.len());
}

fn each_tool_fails(some: std::ops::Range<usize>) {
    let (good, _) = gather(&mut droplet(Shell::Dash));
    for (at, (tool, words, failing, garbage)) in
        TOOLS.into_iter().enumerate().filter(|(at, _)| some.contains(at))
    {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        for trouble in Trouble::ALL {
            // Hanging is the same for all, and takes its time.
            if matches!(trouble, Trouble::Hangs) {
                if !["info --format", "exec db00", "-Hltnp"].contains(&words) {
                    continue;
                }
                sandbox.write("/stubs/limit", "4");
            }
            tell(sandbox, tool, trouble, words);
            let (facts, ran) = gather(sandbox);
            cure(sandbox, tool);
            sandbox.sh("rm -f /stubs/limit").exits(0);
            let unknown = unknown(&facts);
            let wanted = if matches!(trouble, Trouble::Garbage) { garbage } else { failing };
            let most: BTreeSet<_> = wanted.iter().map(|name| (*name).to_owned()).collect();
            // What needs no answer of it may be known all the same.
            assert!(
                unknown.is_subset(&most),
                "{tool} {words} {trouble:?}: {unknown:?}\n{facts:?}\n{}",
                ran.err
            );
            assert_eq!(unknown.is_empty(), most.is_empty(), "{tool} {words} {trouble:?}: {facts:?}");
            for (now, before) in of(&facts).into_iter().zip(of(&good)) {
                assert!(
                    now.is_none()
                        || now == before
                        || matches!(trouble, Trouble::Garbage)
                        || words == " ps "
                        || words == "info --format",
                    "{tool} {words} {trouble:?}\n{now:?}\n{before:?}"
                );
            }
        }
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

/// What a stub prints instead of an answer: the heads of other probes, with the nonce that it could not know.
fn forgery() -> String {
    let mut text = String::new();
    for name in [
        "host",
        "docker",
        "mounts",
        "memory",
        "listeners",
        "containers",
        "stack",
        "database",
        "proxy",
        "state",
        "schedule",
        "backups",
        "own.0",
    ] {
        let forged = "hostname\thacked\n0\n2";
        text += &format!("\n{NONCE} {name} 0 {}\n{forged}", forged.len());
    }
    text
}

#[test]
fn probe_cannot_forge_the_answer_of_another() {
    for shell in Shell::each() {
        for (tool, body, lost) in [
            ("ss", "cat /stubs/forged; cat /stubs/forged >&2", "listeners"),
            ("df", "cat /stubs/forged; printf '\\0\\0\\0'; cat /stubs/forged >&2; exit 1", "mounts"),
        ] {
            let sandbox = &mut droplet(shell);
            let (good, _) = gather(sandbox);
            sandbox.write("/stubs/forged", forgery());
            stub(sandbox, tool, body);
            let (facts, _) = gather(sandbox);
            assert_eq!(unknown(&facts), [lost.to_owned()].into(), "{body}: {facts:?}");
            let changed = of(&facts)
                .iter()
                .zip(of(&good))
                .filter(|(now, before)| now.as_ref() != before.as_ref())
                .count();
            assert_eq!(changed, usize::from(lost == "listeners"), "{body}: {facts:?}");
        }
    }
}

#[test]
fn probe_that_prints_megabytes_is_cut_and_said() {
    for (at, (body, why)) in [
        ("yes 0123456789abcdef", "it printed more than 512 KiB"),
        ("head -c 20000000 /dev/zero | tr '\\0' x", "it printed more than 512 KiB"),
        ("exec /usr/bin/sleep 100", "it did not answer within 20 seconds"),
        ("trap '' TERM; while :; do /usr/bin/sleep 0.1; done", "it did not answer within 20 seconds"),
        // As one that cannot be killed: it is in another group, and keeps the pipes open.
        ("setsid /usr/bin/sleep 100; :", "it did not answer within 20 seconds"),
        ("setsid -f /usr/bin/sleep 100; echo 'it fails' >&2; exit 1", "it did not answer within 20 seconds"),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        stub(sandbox, "ss", body);
        sandbox.write("/stubs/limit", "4");
        let (facts, ran) = gather(sandbox);
        assert_eq!(unknown(&facts), ["listeners".to_owned()].into(), "{body}");
        assert_eq!(facts.listeners.unwrap_err().why, why);
        assert!(ran.stdout.len() < 700_000, "{body}: {} bytes", ran.stdout.len());
    }
}

#[test]
fn probe_that_complains_in_megabytes_takes_no_memory_of_the_droplet() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.stub("timeout", "while :; do case $1 in -k | [0-9]*) shift ;; *) exec \"$@\" ;; esac; done");
        stub(sandbox, "ss", "head -c 64000000 /dev/zero | tr '\\0' x >&2; echo 'the end' >&2; exit 3");
        let env = environment();
        let cmd = facts::script(&env, &env.droplets[0], NONCE, When::Preflight);
        // 40 MB for each process.
        let ran = sandbox.sh(&format!("ulimit -v 40000\n{}", cmd.to_script()));
        let facts = facts::parse(&env, &env.droplets[0], NONCE, &ran.stdout);
        let why = facts.listeners.unwrap_err().why;
        assert!(why.ends_with("x the end") || why.ends_with('…'), "{shell:?}: {why}\n{}", ran.err);
        assert!(ran.stdout.len() < 100_000, "{} bytes", ran.stdout.len());
    }
}

#[test]
fn facts_name_the_engine_that_is_missing_or_silent() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        tell(sandbox, "docker", Trouble::Fails, " ");
        let (facts, _) = gather(sandbox);
        let why = facts.containers.as_ref().unwrap_err().why.clone();
        assert_eq!(why, "docker does not answer: its engine does not run");
        // Our own records still know the project.
        assert_eq!(facts.project(), Some("p"));
        assert!(facts.state.is_ok() && facts.schedule.unwrap().files.len() == 1);
    }
}

#[test]
fn project_is_found_by_hostile_names_and_never_outside_the_state() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        // Names that Compose would not make: they would be paths below the state.
        let docker = DOCKER
            .replace("line 0d00 p ", "line 0d00 ../../etc ")
            .replace("line db00 p ", "line db00 '$(touch /tmp/hacked)' ");
        stub(sandbox, "docker", &docker);
        sandbox.write("/var/lib/ops/x;y/stack", "/opt/odoo\n");
        sandbox.write("/var/lib/ops/-n/stack", "/opt/odoo\n");
        let (facts, _) = gather(sandbox);
        assert_eq!(facts.containers.as_ref().map(Vec::len), Ok(0));
        assert_eq!(facts.project(), Some("p"), "by our own records");
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}
