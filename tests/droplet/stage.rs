//! What a fetch tells of a new ref (`stage.sh`), with the machine's git and a stub of Docker.

use ops::facts::{Facts, Probe};
use ops::inventory::Environment;
use ops::runbooks::deploy::{Code, Staged, Wanted, stage};

use crate::sample;
use crate::sandbox::{Ran, Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, stub, tell};

const NONCE: &str = "3f1c0a9d5b7e2846";
const CACHE: &str = "/var/lib/ops/p/cache";
/// As `docker compose config --format json` prints it, with a secret that must not leave the droplet.
const RESOLVED: &str = r#"{
  "name": "p",
  "services": {
    "db": {
      "image": "postgres:15"
    },
    "odoo": {
      "environment": {
        "PASSWORD": "s3cret-of-the-model"
      },
      "image": "registry.example.com/odoo:14.0",
      "ports": [
        {
          "target": 8069
        }
      ],
      "volumes": [
        {
          "type": "bind",
          "source": "/opt/odoo/data"
        }
      ]
    }
  }
}
"#;

/// The remote has a commit with the tag `v1`, and a second one on `main`.
const REMOTE: &str = "export GIT_CONFIG_NOSYSTEM=1; cd /srv && umask 022 &&
git config --global user.name t && git config --global user.email t@example.com && git config --global init.defaultBranch main &&
git config --global safe.directory '*' && git init -q remote && cd remote && mkdir -p addons/a && echo 'services: {}' >compose.yaml &&
echo \"{'name': 'a', 'version': '14.0.1.0'}\" >addons/a/__manifest__.py && echo 'x = 1' >addons/a/m.py && git add . && git commit -qm 'first: ünï' && git tag v1 &&
echo \"{'name': 'a', 'version': '14.0.1.1'}\" >addons/a/__manifest__.py && echo '_name = \"a.b\"; y = fields.Char()' >addons/a/m.py &&
echo '#!/bin/sh' >run.sh && chmod 755 run.sh && git add . && git commit -qm second";

fn environment() -> Environment {
    let mut env = sample::environment();
    env.stack.git.as_mut().unwrap().remote = "/srv/remote".into();
    env
}

fn droplet(shell: Shell, disks: &[(&str, u64)]) -> Sandbox {
    let mut sandbox = Sandbox::with_disks(shell, disks);
    sandbox.write("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    sandbox.sh(REMOTE).exits(0);
    sandbox.write("/opt/odoo/.env", "PASSWORD=s3cret-of-the-model\n");
    sandbox.write("/stubs/resolved", RESOLVED);
    sandbox.write("/stubs/model", RESOLVED.replace("s3cret-of-the-model", "${PASSWORD}"));
    let docker = r#"
case "$*" in
	*' config --no-interpolate --format json') cat /stubs/model ;;
	*' config --format json') cat /stubs/resolved ;;
	'manifest inspect -v '*) cat /stubs/manifest 2>/dev/null || { echo "manifest unknown" >&2; exit 1; } ;;
	'image inspect '*) printf 'sha256:here ["registry.example.com/odoo@sha256:%s"]\n' aa ;;
	'info '*) ;;
	*) exit 64 ;;
esac
"#;
    stub(&sandbox, "docker", docker);
    sandbox
}

fn commit(sandbox: &mut Sandbox, name: &str) -> String {
    sandbox.sh(&format!("git -C /srv/remote rev-parse '{name}'")).exits(0).out.trim().to_owned()
}

/// Facts of a droplet on which this commit runs.
fn facts(running: Option<&str>) -> Facts {
    let mut facts = sample::facts();
    facts.stack.as_mut().unwrap().owner = "root".into();
    let state = facts.state.as_mut().unwrap();
    state.releases[0].sha = running.map(str::to_owned);
    if let Ok(containers) = &mut facts.containers {
        containers.clear();
    }
    facts
}

fn wanted(git_ref: &str) -> Wanted {
    Wanted { git_ref: Some(git_ref.into()), ..Wanted::default() }
}

fn run(sandbox: &mut Sandbox, env: &Environment, facts: &Facts, wanted: &Wanted) -> (Staged, Ran) {
    let cmd = stage::script(env, &env.droplets[0], facts, wanted, "p", NONCE);
    let ran = sandbox.run(&cmd);
    let git_ref = wanted.git_ref.clone().unwrap_or_else(|| "main".into());
    let staged = stage::parse(NONCE, &ran.stdout, wanted, &git_ref, (facts, &env.droplets[0]));
    assert!(!ran.out.contains("s3cret"), "a secret left the droplet: {ran}");
    let left = sandbox.sh("ls -A /tmp").out;
    assert_eq!(left, "", "what holds secrets is still there");
    (staged, ran)
}

#[track_caller]
fn code(staged: Staged) -> Code {
    staged.code.unwrap().unwrap()
}

#[track_caller]
fn why<T: std::fmt::Debug>(probe: Probe<T>) -> String {
    probe.unwrap_err().why
}

#[test]
fn stage_tells_what_is_new_and_checks_it_out_once() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        let (first, head) = (commit(sandbox, "v1"), commit(sandbox, "main"));
        let facts = facts(Some(&first));
        for _ in 0..2 {
            let (staged, ran) = run(sandbox, &environment(), &facts, &Wanted::default());
            assert_eq!(ran.code, Some(0), "{ran}");
            let model = staged.model.clone().unwrap();
            assert_eq!(
                (model.project.as_str(), &model.json["services"]["odoo"]["environment"]["PASSWORD"]),
                ("p", &"${PASSWORD}".into())
            );
            assert_eq!(model.json["services"]["odoo"]["ports"][0]["target"], 8069);
            assert_eq!(model.json["services"]["odoo"]["volumes"][0]["source"], "/opt/odoo/data");
            let image = staged.images["odoo"].clone().unwrap();
            assert_eq!(
                (image.reference.as_str(), image.registry_fault.as_deref()),
                ("registry.example.com/odoo:14.0", Some("manifest unknown"))
            );
            let code = code(staged);
            assert_eq!(
                (code.sha.as_str(), code.subject.as_str(), code.running.as_deref()),
                (head.as_str(), "second", Some(first.as_str()))
            );
            assert_eq!((code.incoming.len(), code.dropped.len()), (1, 0));
            let mut changed: Vec<_> =
                code.changed.iter().map(|one| format!("{} {}", one.kind, one.path)).collect();
            changed.sort();
            assert_eq!(changed, ["A run.sh", "M addons/a/__manifest__.py", "M addons/a/m.py"]);
            assert_eq!(code.models.iter().collect::<Vec<_>>(), ["addons/a/m.py"]);
            assert_eq!(code.versions.iter().collect::<Vec<_>>(), ["addons/a/__manifest__.py"]);
            assert_eq!(code.tree.len(), 4);
        }
        let made = format!(
            "cd {CACHE}/stage && [ \"$(ls)\" = {head} ] && [ ! -e {head}/.git ] && [ $(stat -c %a {head}/run.sh) = 755 ] && [ $(stat -c %a {head}/addons) = 755 ]"
        );
        sandbox.sh(&made).exits(0);
    }
}

#[test]
fn stage_resolves_branches_tags_and_commits_and_nothing_else() {
    for (at, shell) in Shell::ALL.into_iter().enumerate() {
        let sandbox = &mut droplet(shell, &[]);
        let (first, head) = (commit(sandbox, "v1"), commit(sandbox, "main"));
        sandbox.sh("cd /srv/remote && git branch 'we;ird$(id)`id`' v1 && git branch deadbee v1").exits(0);
        let (env, facts) = (environment(), facts(None));
        let names = [
            ("v1", &first),
            (&first[..7], &first),
            (head.as_str(), &head),
            ("we;ird$(id)`id`", &first),
            // A branch that looks like a commit is a branch.
            ("deadbee", &first),
        ];
        // Each shell has some of them.
        for (name, sha) in names.into_iter().skip(at).step_by(2) {
            let (staged, _) = run(sandbox, &env, &facts, &wanted(name));
            assert_eq!(code(staged).sha, *sha, "{name}");
        }
        let names = [
            "gone",
            "HEAD",
            "refs/heads/main",
            "0000000",
            &first[..6],
            "--all",
            "$(id)",
            "main:compose.yaml",
            "",
        ];
        for name in names.into_iter().skip(at).step_by(3) {
            let (staged, ran) = run(sandbox, &env, &facts, &wanted(name));
            assert!(staged.unknown_ref && staged.code.is_some_and(|code| code.is_err()), "{name}: {ran}");
        }
        // A branch that is gone at the other end is gone here as well.
        sandbox.sh("git -C /srv/remote branch -D deadbee -q").exits(0);
        assert!(run(sandbox, &env, &facts, &wanted("deadbee")).0.unknown_ref);
    }
}

#[test]
fn stage_says_why_git_cannot_fetch_and_runs_nothing_of_a_hostile_remote() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        for remote in [
            "/srv/gone",
            "--upload-pack=touch /srv/hacked",
            "ext::sh -c touch% /srv/hacked",
            "$(touch /srv/hacked)",
        ] {
            let mut env = environment();
            env.stack.git.as_mut().unwrap().remote = remote.into();
            let (staged, _) = run(sandbox, &env, &facts(None), &Wanted::default());
            let why = why(staged.code.unwrap());
            assert!(why.starts_with("git cannot fetch: "), "{why}");
            assert!(staged.model.is_err() && staged.images.is_empty());
        }
        assert!(!sandbox.exists("/srv/hacked"));
    }
}

#[test]
fn stage_checks_out_submodules_or_says_why_not() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        sandbox.sh("cd /srv && git clone -q remote other && cd remote && git -c protocol.file.allow=always submodule -q add ../other vendor && git commit -qm third").exits(0);
        let head = commit(sandbox, "main");
        let (env, facts) = (environment(), facts(None));
        // git refuses repositories of this machine as submodules.
        let (staged, _) = run(sandbox, &env, &facts, &Wanted::default());
        let said = why(staged.code.unwrap());
        assert!(said.contains("transport 'file' not allowed"), "{said}");
        assert!(!sandbox.exists(&format!("{CACHE}/stage/{head}")));
        sandbox.sh("git config --global protocol.file.allow always").exits(0);
        let (staged, _) = run(sandbox, &env, &facts, &Wanted::default());
        assert_eq!(code(staged).sha, head);
        sandbox
            .sh(&format!("cd {CACHE}/stage/{head} && [ -s vendor/compose.yaml ] && [ ! -e .git ]"))
            .exits(0);
    }
}

#[test]
fn stage_names_the_part_that_failed_when_docker_fails() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        let (env, facts) = (environment(), facts(None));
        for (words, trouble, said) in [
            ("config --no-interpolate", Trouble::Fails, "docker: told to fail"),
            ("config --format", Trouble::Fails, "docker: told to fail"),
            ("config --no-interpolate", Trouble::Garbage, "docker compose config printed no JSON"),
        ] {
            tell(sandbox, "docker", trouble, words);
            let (staged, ran) = run(sandbox, &env, &facts, &Wanted::default());
            assert_eq!(ran.code, Some(0), "{ran}");
            let why = why(staged.model);
            assert!(why.contains(said), "{why}");
            assert!(staged.code.unwrap().is_ok(), "the code is known all the same");
            cure(sandbox, "docker");
        }
        tell(sandbox, "docker", Trouble::Fails, "image inspect");
        let (staged, _) = run(sandbox, &env, &facts, &Wanted::default());
        assert_eq!(why(staged.images["odoo"].clone()), "registry.example.com/odoo:14.0: manifest unknown");
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

#[test]
fn stage_asks_for_the_image_of_the_command_line_and_reads_the_manifest() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        let digest = format!("sha256:{}", "ab".repeat(32));
        let manifest = format!(
            r#"{{"Descriptor": {{"digest": "{digest}"}}, "SchemaV2Manifest": {{"layers": [{{"digest": "{digest}", "size": 7}}]}}}}"#
        );
        sandbox.write("/stubs/manifest", manifest);
        let name = "registry.example.com/o$(id)doo:15.0";
        let asked = Wanted { image: Some(name.into()), ..Wanted::default() };
        let (staged, _) = run(sandbox, &environment(), &facts(None), &asked);
        let image = staged.images["odoo"].clone().unwrap();
        assert_eq!(
            (image.reference.as_str(), image.digest.as_deref(), image.layers.len(), image.present),
            (name, Some(digest.as_str()), 1, false)
        );
        let calls = sandbox.calls("docker");
        assert!(calls.contains(&format!("manifest inspect -v {name}")), "{calls:?}");
    }
}

#[test]
fn stage_leaves_no_half_checkout_when_the_disk_is_full() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[("/var/lib/ops", 1 << 20)]);
        // Nothing repeats in it, so that its objects are no smaller.
        sandbox
            .sh("cd /srv/remote && head -c 600000 /dev/urandom >big && git add big && git commit -qm big")
            .exits(0);
        let head = commit(sandbox, "main");
        let (env, facts) = (environment(), facts(None));
        let (staged, ran) = run(sandbox, &env, &facts, &Wanted::default());
        assert!(staged.code.unwrap().is_err(), "{ran}");
        assert!(staged.model.is_err(), "{ran}");
        sandbox.sh(&format!("[ ! -e {CACHE}/stage/{head} ]")).exits(0);
        // Without any room not even that can be told.
        sandbox.sh("cat /dev/zero >/var/lib/ops/full 2>/dev/null; rm -rf /var/lib/ops/p; cat /dev/zero >>/var/lib/ops/full 2>/dev/null; :").exits(0);
        let (staged, _) = run(sandbox, &env, &facts, &Wanted::default());
        assert!(staged.code.is_none_or(|code| code.is_err()) && staged.model.is_err());
    }
}

#[test]
fn stage_does_not_take_a_checkout_that_was_interrupted() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell, &[]);
        let head = commit(sandbox, "main");
        sandbox.write(&format!("{CACHE}/stage/{head}.new/half"), "");
        let (staged, _) = run(sandbox, &environment(), &facts(None), &Wanted::default());
        assert_eq!(code(staged).sha, head);
        sandbox.sh(&format!("cd {CACHE}/stage && [ ! -e {head}/half ] && [ ! -e {head}.new ]")).exits(0);
    }
}
