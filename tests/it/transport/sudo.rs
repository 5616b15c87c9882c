//! Becoming root, against a stand-in for sudo that reads passwords as sudo does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::cmd::Cmd;
use ops::inventory::{Address, Become, Droplet, Role};
use ops::program::Program;
use ops::secret::Secret;
use ops::transport::{Call, ConnectOptions, Output, Transport, TransportError, connect};

use super::sshd::{Sshd, droplet, executable, processes_beside, world};

/// `sudo.mode` says how it is configured; every password line it is given is kept in `sudo.heard`.
const STAND_IN: &str = r#"#!/bin/sh
mode=$(cat "$0.mode") quiet= stdin=
while :; do
  case $1 in
    -n) quiet=1 ;;
    -k) ;;
    -S) stdin=1 ;;
    -p) shift ;;
    --) shift; break ;;
    *) exit 64 ;;
  esac
  shift
done
echo 'the usual lecture' >&2
[ "$mode" = free ] && exec env AS_ROOT=1 "$@"
[ -n "$quiet" ] && { echo 'sudo: a password is required' >&2; exit 1; }
for try in 1 2 3; do
  IFS= read -r line || { echo 'sudo: no password was provided' >&2; exit 1; }
  printf '%s\n' "$line" >>"$0.heard"
  [ "$line" = canary-right ] && exec env AS_ROOT=1 "$@"
  echo 'Sorry, try again.' >&2
done
exit 1
"#;

struct Stage {
    sshd: Sshd,
}

impl Stage {
    fn new(mode: &str) -> Self {
        let sshd = Sshd::with_path("");
        executable(&sshd.path("bin/sudo"), STAND_IN);
        std::fs::write(sshd.path("bin/sudo.mode"), mode).unwrap();
        Self { sshd }
    }

    fn mode(&self, mode: &str) {
        std::fs::write(self.sshd.path("bin/sudo.mode"), mode).unwrap();
    }

    fn heard(&self) -> String {
        std::fs::read_to_string(self.sshd.path("bin/sudo.heard")).unwrap_or_default()
    }

    async fn both(&self, password: Option<&str>) -> [Arc<dyn Transport>; 2] {
        let options = ConnectOptions {
            become_password: password.map(|password| Secret::new(password.to_owned())),
            ..ConnectOptions::default()
        };
        let mut address = self.sshd.address();
        address.r#become = Become::Sudo;
        let mut world = world(self.sshd.dir.path());
        let path = format!("{}:{}", self.sshd.path("bin").display(), world.env["PATH"]);
        world.env.insert("PATH".to_owned(), path);
        let local = Address::Local { r#become: Become::Sudo };
        let here = Droplet {
            name: "here".to_owned(),
            address: local,
            roles: vec![Role::Web],
            compose: vec!["compose.yaml".into()],
        };
        [
            connect(&droplet(address), &world, options.clone()).await.unwrap(),
            connect(&here, &world, options).await.unwrap(),
        ]
    }
}

async fn as_root(to: &Arc<dyn Transport>) -> Output {
    let cmd = Cmd::script(Program::shell("test", &["echo root=$AS_ROOT; cat; exit 1"]), Vec::<String>::new());
    let input = Secret::new("the input\n".to_owned());
    to.run(Call::new(&cmd).input(&input)).await.unwrap()
}

#[tokio::test]
async fn with_and_without_a_password_the_command_gets_its_own_stdin_only() {
    for (mode, password) in
        [("free", None), ("free", Some("canary-right")), ("password", Some("canary-right"))]
    {
        let stage = Stage::new(mode);
        for to in stage.both(password).await {
            for _ in 0..2 {
                let output = as_root(&to).await;
                assert_eq!(String::from_utf8_lossy(&output.stdout), "root=1\nthe input\n", "{mode}");
                assert_eq!(output.code, 1, "the command's 1, not sudo's");
                assert_eq!(output.stderr, b"", "sudo's lecture is not the command's");
            }
        }
        assert!(stage.heard().lines().all(|line| line == "canary-right"), "{}", stage.heard());
    }
}

#[tokio::test]
async fn a_password_that_is_wanted_and_not_given_is_a_refusal() {
    let stage = Stage::new("password");
    for to in stage.both(None).await {
        let error = to.run(Call::new(&Cmd::new("true"))).await.unwrap_err();
        let TransportError::SudoRefused { detail } = &error else { panic!("{error:?}") };
        assert!(detail.contains("a password is required"), "{detail}");
        stage.mode("free");
        assert_eq!(to.run(Call::new(&Cmd::new("true"))).await.unwrap().code, 0);
        stage.mode("password");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_at_once_and_nothing_else_is_read_as_one() {
    let stage = Stage::new("password");
    for to in stage.both(Some("canary-wrong")).await {
        let started = Instant::now();
        let cmd = Cmd::script(Program::shell("test", &["echo canary-script"]), Vec::<String>::new());
        let error = to.run(Call::new(&cmd)).await.unwrap_err();
        assert!(matches!(error, TransportError::SudoRefused { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(3));
        assert!(!format!("{error:?}").contains("canary"));
    }
    assert!(stage.heard().lines().all(|line| line == "canary-wrong"), "{}", stage.heard());
}

#[tokio::test]
async fn the_password_is_never_in_the_process_list() {
    let stage = Stage::new("password");
    for to in stage.both(Some("canary-right")).await {
        let cmd = Cmd::script(Program::shell("test", &["sleep 60.0407; true"]), Vec::<String>::new());
        let (output, seen) = tokio::join!(to.run(Call::new(&cmd)), processes_beside("sleep 60.0407"));
        assert_eq!(output.unwrap().code, 0);
        assert!(!seen.iter().any(|line| line.contains("canary-right")));
    }
}

#[tokio::test]
async fn no_sudo_at_all_is_a_refusal_that_says_so() {
    let stage = Stage::new("free");
    std::fs::remove_file(stage.sshd.path("bin/sudo")).unwrap();
    for program in ["sh", "dd"] {
        std::os::unix::fs::symlink(format!("/bin/{program}"), stage.sshd.path("bin").join(program)).unwrap();
    }
    let mut address = stage.sshd.address();
    address.r#become = Become::Sudo;
    let mut world = stage.sshd.world();
    let to = connect(&droplet(address), &world, ConnectOptions::default()).await.unwrap();
    if to.run(Call::new(&Cmd::new("true"))).await.is_err() {
        // This machine has no sudo of its own, so the far side said so.
        let error = to.run(Call::new(&Cmd::new("true"))).await.unwrap_err();
        let TransportError::SudoRefused { detail } = &error else { panic!("{error:?}") };
        assert!(detail.contains("sudo"), "{detail}");
    }
    world.env.insert("PATH".to_owned(), stage.sshd.path("bin").display().to_string());
    let local = Address::Local { r#become: Become::Sudo };
    let here = Droplet {
        name: "here".to_owned(),
        address: local,
        roles: vec![Role::Web],
        compose: vec!["compose.yaml".into()],
    };
    let to = connect(&here, &world, ConnectOptions::default()).await.unwrap();
    let error = to.run(Call::new(&Cmd::new("true"))).await.unwrap_err();
    assert!(matches!(error, TransportError::SudoRefused { .. }), "{error:?}");
}
