//! Files that a step writes: whole or not at all.

use ops::cmd::Cmd;
use ops::execute::script::Script;
use ops::plan::{Action, Content, EnvValue, Phase, Step, Undo};

use crate::sandbox::{Sandbox, Shell};

const BODY: &str = "it's\n$(id) `id` \\n\n";

fn step(path: &str, content: Content) -> Step {
    let put = Action::Put { path: path.into(), mode: 0o640, content };
    Step {
        id: "put".into(),
        phase: Phase::Prepare,
        droplet: "erp-1".into(),
        title: "write a file".into(),
        actions: vec![put, Action::Run(Cmd::new("touch").arg("/var/next"))],
        undo: Undo::NotNeeded("a test".into()),
        timeout: 9,
    }
}

fn text(path: &str) -> String {
    Script::of(&step(path, Content::Text(BODY.into()))).script
}

fn env_file(path: &str) -> Cmd {
    let lines = vec![("PW".to_owned(), EnvValue::Plain("x".into()))];
    Cmd::new("sh").arg("-c").arg(Script::of(&step(path, Content::EnvFile(lines))).script)
}

#[test]
fn put_writes_a_file_with_its_mode_and_its_directories() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.sh(&text("/srv/a b/it's")).exits(0);
        assert_eq!(sandbox.read("/srv/a b/it's"), BODY);
        sandbox.sh("cd '/srv/a b' && [ \"$(stat -c %a *)\" = 640 ] && [ \"$(ls -A)\" = \"it's\" ]").exits(0);
        assert!(sandbox.exists("/var/next"));
    }
}

#[test]
fn put_leaves_the_old_file_when_the_disk_is_full() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::with_disks(shell, &[("/mnt", 65536)]);
        sandbox
            .sh("echo old >/mnt/site; cat /dev/zero >/mnt/filling 2>/dev/null; [ -s /mnt/filling ]")
            .exits(0);
        sandbox.sh(&text("/mnt/site")).exits(1).says(&["/mnt/site could not be written whole"]);
        sandbox.run(&env_file("/mnt/site").stdin("5\nPW=x\n")).exits(1);
        let left = sandbox.sh("cat /mnt/site; ls -A /mnt").exits(0);
        assert_eq!(left.out, "old\nfilling\nsite\n", "{shell:?}");
        assert!(!sandbox.exists("/var/next"), "the step went on");
    }
}

#[test]
fn put_leaves_the_old_file_when_a_tool_fails_or_the_input_is_cut() {
    for shell in Shell::each() {
        for tool in ["sync", "chmod", "mv"] {
            let mut sandbox = Sandbox::new(shell);
            sandbox.write("/srv/site", "old\n");
            // The sandbox itself moves files.
            sandbox.stub(tool, &format!("case $* in *ops-new*) exit 1 ;; esac; exec /usr/bin/{tool} \"$@\""));
            sandbox.sh(&text("/srv/site")).exits(1);
            sandbox.run(&env_file("/srv/site").stdin("5\nPW=x\n")).exits(1);
            assert_eq!(sandbox.sh("cat /srv/site; ls -A /srv").out, "old\nsite\n", "{shell:?}: {tool}");
        }
        let mut sandbox = Sandbox::new(shell);
        sandbox.write("/srv/site", "old\n");
        for cut in ["5\nPW=", "5\n", "", "x\nPW=x\n"] {
            let ran = sandbox.run(&env_file("/srv/site").stdin(cut));
            assert_ne!(ran.code, Some(0), "{shell:?}: {cut:?}\n{ran}");
            assert_eq!(sandbox.sh("cat /srv/site; ls -A /srv").out, "old\nsite\n", "{shell:?}: {cut:?}");
        }
    }
}

#[test]
fn put_is_on_the_disk_before_it_has_its_name() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.write("/srv/site", "old\n");
        sandbox.stub("sync", "cat /srv/site >/etc/seen; exec /usr/bin/sync \"$@\"");
        sandbox.sh(&text("/srv/site")).exits(0);
        assert_eq!(sandbox.read("/etc/seen"), "old\n", "{shell:?}");
        assert_eq!(sandbox.calls("sync"), ["-- /srv/.site.ops-new"]);
        assert_eq!(sandbox.read("/srv/site"), BODY);
    }
}

#[test]
fn env_file_is_written_where_its_link_leads() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.sh("mkdir /srv/odoo && ln -s '../the secrets' /srv/odoo/.env").exits(0);
        sandbox.run(&env_file("/srv/odoo/.env").stdin("5\nPW=x\n")).exits(0);
        assert_eq!(sandbox.read("/srv/the secrets"), "PW=x\n");
        sandbox.sh("[ -L /srv/odoo/.env ] && [ \"$(ls -A /srv/odoo)\" = .env ]").exits(0);
        sandbox.sh("rm /srv/odoo/.env && ln -s /nowhere/at/all /srv/odoo/.env").exits(0);
        sandbox
            .run(&env_file("/srv/odoo/.env").stdin("5\nPW=x\n"))
            .exits(1)
            .says(&["is a link into a directory that is not there"]);
    }
}
