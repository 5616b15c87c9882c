//! The checksums of modules over the files that a release will run with (`runbooks/deploy/checksums.sh`).

use ops::facts::Facts;
use ops::runbooks::deploy::{Checksums, Staged, Wanted, hashing};

use crate::sample;
use crate::sandbox::{Ran, Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, stub, tell};

const NONCE: &str = "3f1c0a9d5b7e2846";
const DOCKER: &str = r#"
case "$*" in
	'ps '*) echo db00 ;;
	'exec -i '*) cat >/stubs/asked; echo '{"modules": {"base": "installed"}, "stored": "{\"base\": \"old\"}", "bytes": 9}' ;;
	'pull '*) ;;
	*'inspect -f {{.Id}} '*) echo sha256:here ;;
	*'inspect -f {{range .Config.Cmd}}'*) printf 'odoo\n--addons-path=/a b\n' ;;
	'compose '*) cat >/stubs/question; cp "$7" /stubs/model; echo '{"base": {"checksum": "new", "installable": true}}' ;;
	'rm -f '*) ;;
	*) exit 64 ;;
esac
"#;

fn droplet(shell: Shell) -> Sandbox {
    let sandbox = Sandbox::new(shell);
    stub(&sandbox, "docker", DOCKER);
    sandbox
}

/// A release whose files are all in its image.
fn staged() -> Staged {
    let mut staged = sample::staged();
    staged.code = None;
    staged
}

fn run(sandbox: &mut Sandbox, staged: &mut Staged) -> Ran {
    let (env, facts): (_, Facts) = (sample::environment(), sample::facts());
    let cmd = hashing::script(&env, &facts, staged, &Wanted::default(), ("p", NONCE)).unwrap();
    let ran = sandbox.run(&cmd);
    hashing::tell(&env, staged, NONCE, &ran.stdout);
    assert_eq!(sandbox.sh("ls -A /tmp").out, "", "the model is still there");
    assert_eq!(
        sandbox.calls("docker").last().unwrap(),
        "rm -f -- p-ops-checksums-3f1c0a9d",
        "a container may be left"
    );
    ran
}

fn known(staged: Staged) -> Checksums {
    staged.checksums.unwrap().unwrap()
}

#[test]
fn checksums_are_computed_in_a_container_of_the_new_image_without_a_network() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let mut staged = staged();
        let ran = run(sandbox, &mut staged).exits(0);
        let image = staged.images["odoo"].clone().unwrap();
        assert_eq!((image.local_id.as_deref(), image.present), (Some("sha256:here"), true));
        let checksums = known(staged);
        assert_eq!(checksums.disk["base"].checksum.as_deref(), Some("new"), "{ran}");
        // By its digest, in an order that waits for nothing that was not pulled.
        let calls = sandbox.calls("docker");
        let pulled = format!("pull -q registry.example.com/odoo@sha256:{}", "ab".repeat(32));
        assert!(calls.contains(&pulled), "{calls:?}");
        let asked = calls.iter().find(|call| call.starts_with("compose ")).unwrap();
        assert!(
            asked.ends_with(
                "run --rm --no-deps -T --name p-ops-checksums-3f1c0a9d odoo odoo --addons-path=/a b"
            ),
            "{asked}"
        );
        let model = sandbox.read("/stubs/model");
        assert!(model.contains("\"network_mode\": \"none\""), "{model}");
        assert!(
            sandbox.read("/stubs/question").contains("\"base\""),
            "the container is told what is installed"
        );
    }
}

#[test]
fn checksums_are_unknown_and_say_why_when_a_tool_fails() {
    for (at, (words, trouble, why)) in [
        ("exec -i", Trouble::Fails, "docker: told to fail"),
        ("exec -i", Trouble::Garbage, "psql cannot be understood"),
        (" ps ", Trouble::Fails, "no running container of db"),
        ("pull", Trouble::Fails, "docker: told to fail"),
        ("inspect -f {{.Id}}", Trouble::Fails, "docker: told to fail"),
        ("Config.Cmd", Trouble::Fails, "docker: told to fail"),
        ("compose -p", Trouble::Fails, "docker: told to fail"),
        ("compose -p", Trouble::Garbage, "the checksums cannot be read"),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        tell(sandbox, "docker", trouble, words);
        let mut staged = staged();
        run(sandbox, &mut staged).exits(0);
        let said = staged.checksums.unwrap().unwrap_err().why;
        assert!(said.contains(why), "{words} {trouble:?}: {said}");
        cure(sandbox, "docker");
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}
