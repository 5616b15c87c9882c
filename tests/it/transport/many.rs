//! Many droplets at once, jump hosts, and what a user's own ssh configuration may hold.

use std::time::Duration;

use ops::cmd::Cmd;
use ops::inventory::{Droplet, SshAddress};
use ops::program::Program;
use ops::transport::{Call, ConnectOptions, Connector, TransportError, connect};

use super::sshd::{Sshd, droplet, free_port};

#[tokio::test]
async fn a_server_that_drops_connections_is_reached_by_all_in_the_end() {
    // Four logins at a time; every further connection is dropped before the banner.
    let sshd = Sshd::with("127.0.0.1", "MaxStartups 4:100:4");
    let droplets: Vec<Droplet> =
        (0..24).map(|i| Droplet { name: format!("web-{i}"), ..sshd.droplet() }).collect();
    let connector = Connector::new(&sshd.world(), ConnectOptions::default());
    let all = connector.connect_all(&droplets).await;
    for (result, wanted) in all.iter().zip(&droplets) {
        let to = result.as_ref().unwrap();
        assert_eq!(to.droplet(), wanted.name);
        assert_eq!(to.run(Call::new(&Cmd::new("true"))).await.unwrap().code, 0);
    }
    assert!(connector.stats().connections_opened() > 24, "some were dropped and tried again");
    assert_eq!(connector.stats().commands_run(), 24);
}

#[tokio::test]
async fn one_bad_droplet_does_not_stop_the_others() {
    let sshd = Sshd::with("127.0.0.2", "");
    let bad = droplet(SshAddress { port: Some(free_port("127.0.0.2")), ..sshd.address() });
    let connector = Connector::new(&sshd.world(), ConnectOptions::default());
    let all = connector.connect_all(&[sshd.droplet(), bad, sshd.droplet()]).await;
    assert!(all[0].is_ok() && all[2].is_ok());
    assert!(matches!(all[1], Err(TransportError::Refused { .. })));
}

#[tokio::test]
async fn a_server_with_few_sessions_serves_more_commands_than_that() {
    let sshd = Sshd::with("127.0.0.1", "MaxSessions 3");
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let cmd = Cmd::new("sleep").arg("0.15");
    let runs = (0..7).map(|_| to.run(Call::new(&cmd)));
    for output in futures_util::future::join_all(runs).await {
        assert_eq!(output.unwrap().code, 0);
    }
}

#[tokio::test]
async fn cleaning_up_has_a_session_when_all_others_are_busy() {
    let sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let slow = Cmd::new("sleep").arg("4");
    let busy = futures_util::future::join_all((0..8).map(|_| to.run(Call::new(&slow))));
    let tidy = async {
        tokio::time::sleep(Duration::from_millis(800)).await;
        let started = std::time::Instant::now();
        to.run(Call::new(&Cmd::new("true")).cleanup()).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(2));
    };
    let (all, ()) = tokio::join!(busy, tidy);
    assert!(all.iter().all(Result::is_ok));
}

/// A droplet behind a jump host, with one identity and one known_hosts for both.
struct Behind {
    jump: Sshd,
    far: Sshd,
}

impl Behind {
    fn new() -> Self {
        let (jump, far) = (Sshd::with("127.0.0.2", ""), Sshd::with("127.0.0.3", ""));
        std::fs::copy(far.path("id.pub"), jump.path("authorized_keys")).unwrap();
        let both = ["known_hosts"].map(|name| {
            let lines = [far.path(name), jump.path(name)].map(|file| std::fs::read_to_string(file).unwrap());
            lines.concat()
        });
        std::fs::write(far.path("known_hosts"), &both[0]).unwrap();
        Self { jump, far }
    }

    fn address(&self) -> SshAddress {
        let jump = Some(format!("{}:{}", self.jump.ip, self.jump.port));
        SshAddress { jump, connect_timeout: Duration::from_secs(3), ..self.far.address() }
    }

    async fn error(&self, address: SshAddress) -> TransportError {
        connect(&droplet(address), &self.far.world(), ConnectOptions::default()).await.unwrap_err()
    }
}

#[tokio::test]
async fn a_jump_host_is_passed_with_our_own_checks() {
    let behind = Behind::new();
    let world = behind.far.world();
    let to = connect(&droplet(behind.address()), &world, ConnectOptions::default()).await.unwrap();
    let cmd = Cmd::script(Program::shell("test", &["echo ${SSH_CONNECTION% *}"]), Vec::<String>::new());
    let output = to.run(Call::new(&cmd)).await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("127.0.0.3"));
    to.close().await;

    // The jump host's key is checked against the same file.
    std::fs::copy(behind.far.path("other"), behind.jump.path("host")).unwrap();
    let mut behind = behind;
    behind.jump.restart();
    let error = behind.error(behind.address()).await;
    let TransportError::JumpFailed { detail, .. } = &error else { panic!("{error:?}") };
    assert!(detail.contains("CHANGED"), "{detail}");
}

#[tokio::test]
async fn a_jump_host_that_fails_is_told_from_a_droplet_that_fails_behind_it() {
    let behind = Behind::new();
    let dead = free_port("127.0.0.2");
    let error =
        behind.error(SshAddress { jump: Some(format!("127.0.0.2:{dead}")), ..behind.address() }).await;
    let TransportError::JumpFailed { jump, detail, .. } = &error else { panic!("{error:?}") };
    assert_eq!(jump, &format!("127.0.0.2:{dead}"));
    assert!(detail.contains("refuses"), "{detail}");

    let error = behind.error(SshAddress { port: Some(dead), ..behind.address() }).await;
    assert_eq!(error, TransportError::Refused { host: "127.0.0.3".to_owned(), port: dead });

    std::fs::write(behind.jump.path("authorized_keys"), "").unwrap();
    let error = behind.error(behind.address()).await;
    let TransportError::JumpFailed { detail, .. } = &error else { panic!("{error:?}") };
    assert!(detail.contains("Permission denied"), "{detail}");
}

#[tokio::test]
async fn the_users_own_configuration_is_honoured_and_does_not_disturb() {
    let behind = Behind::new();
    let (jump, far) = (&behind.jump, &behind.far);
    let config = format!(
        "Host bastion\n  HostName {}\n  Port {}\n  IdentityFile {id}\n  UserKnownHostsFile {known}\n\
         Host erp\n  HostName {}\n  Port {}\n  ProxyJump bastion\n  \
         PermitLocalCommand yes\n  LocalCommand touch {}\n\
         Host *\n  RemoteCommand echo disturbed\n  RequestTTY force\n  ControlMaster auto\n  \
         ControlPath {}/user-%C\n  ControlPersist yes\n  LocalForward 127.0.0.1:1 127.0.0.1:2\n  \
         ExitOnForwardFailure yes\n  LogLevel QUIET\n  IdentityFile {id}\n  UserKnownHostsFile {known}\n",
        jump.ip,
        jump.port,
        far.ip,
        far.port,
        far.path("trap").display(),
        far.dir.path().display(),
        id = far.path("id").display(),
        known = far.path("known_hosts").display(),
    );
    std::fs::write(far.path("ssh_config"), config).unwrap();
    let own =
        SshAddress { host: "erp".to_owned(), port: None, identity: None, known_hosts: None, ..far.address() };
    let to = connect(&droplet(own), &far.world(), ConnectOptions::default()).await.unwrap();
    let cmd = Cmd::script(Program::shell("test", &["echo \"$SSH_CONNECTION\""]), Vec::<String>::new());
    let output = to.run(Call::new(&cmd)).await.unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).contains("127.0.0.3"));
    assert!(!far.path("trap").exists(), "no command of theirs runs");
}
