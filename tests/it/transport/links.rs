//! Connections: what breaks, what is left behind, what is used again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::cmd::Cmd;
use ops::program::Program;
use ops::transport::{Call, ConnectOptions, Connector, Transport, TransportError, connect};

use super::proxy::Proxy;
use super::sshd::{Sshd, droplet, eventually, rerun};

fn warm() -> ConnectOptions {
    ConnectOptions { warm: true, ..ConnectOptions::default() }
}

async fn echo(to: &Arc<dyn Transport>) -> Vec<u8> {
    to.run(Call::new(&Cmd::new("echo").arg("here"))).await.unwrap().stdout
}

#[tokio::test]
async fn a_session_killed_in_the_middle_is_no_status_at_once() {
    let sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let started = Instant::now();
    let cmd = Cmd::script(Program::shell("test", &["echo begun; sleep 20"]), Vec::<String>::new());
    let kill = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sshd.kill_sessions();
    };
    let (answer, ()) = tokio::join!(to.run(Call::new(&cmd)), kill);
    assert!(matches!(answer, Err(TransportError::NoStatus { .. })), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(echo(&to).await, b"here\n", "the next one has a connection again");
}

#[tokio::test]
async fn a_master_that_died_between_two_commands_is_replaced() {
    let sshd = Sshd::start();
    let connector = Connector::new(&sshd.world(), ConnectOptions::default());
    let to = connector.connect(&sshd.droplet()).await.unwrap();
    assert_eq!(echo(&to).await, b"here\n");
    sshd.kill_masters();
    eventually("the master is gone", Duration::from_secs(3), || sshd.masters().is_empty()).await;
    let both = tokio::join!(echo(&to), echo(&to));
    assert_eq!(both, (b"here\n".to_vec(), b"here\n".to_vec()));
    assert_eq!(connector.stats().connections_opened(), 2, "one login for both");
    let sockets = std::fs::read_dir(sshd.path("run")).unwrap().count();
    assert_eq!(sockets, 1, "the dead one's socket is gone");
    to.close().await;
    eventually("the new master ends", Duration::from_secs(3), || sshd.masters().is_empty()).await;
    let closed = to.run(Call::new(&Cmd::new("true"))).await;
    assert!(matches!(closed, Err(TransportError::Lost { .. })), "closed stays closed: {closed:?}");
}

#[tokio::test]
async fn a_command_whose_master_dies_is_not_sent_again() {
    let sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let file = sshd.path("runs").display().to_string();
    let cmd = Cmd::script(Program::shell("test", &["echo run >>\"$1\"; sleep 3"]), [file]);
    let kill = async {
        eventually("it runs", Duration::from_secs(5), || sshd.path("runs").exists()).await;
        sshd.kill_masters();
    };
    let (answer, ()) = tokio::join!(to.run(Call::new(&cmd)), kill);
    assert!(matches!(answer, Err(TransportError::NoStatus { .. })), "{answer:?}");
    assert_eq!(echo(&to).await, b"here\n");
    assert_eq!(std::fs::read_to_string(sshd.path("runs")).unwrap(), "run\n");
}

#[tokio::test]
async fn a_droplet_that_comes_back_in_time_is_waited_for_and_a_refused_login_is_not() {
    let mut sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    sshd.stop();
    let back = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        sshd.restart();
    };
    let (answer, ()) = tokio::join!(echo(&to), back);
    assert_eq!(answer, b"here\n");
    std::fs::write(sshd.path("authorized_keys"), "").unwrap();
    sshd.kill_sessions();
    let started = Instant::now();
    let refused = to.run(Call::new(&Cmd::new("true"))).await;
    assert!(matches!(refused, Err(TransportError::LoginRefused { .. })), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn closing_and_dropping_leave_no_process_and_no_file() {
    let sshd = Sshd::start();
    for close in [true, false] {
        let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
        assert_eq!(echo(&to).await, b"here\n");
        assert!(!sshd.masters().is_empty());
        if close {
            to.close().await;
        }
        drop(to);
        eventually("the master ends", Duration::from_secs(3), || sshd.masters().is_empty()).await;
        assert_eq!(std::fs::read_dir(sshd.path("run")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_warm_connection_is_used_by_the_next_reader_and_not_by_a_run_that_changes() {
    let sshd = Sshd::start();
    let first = Connector::new(&sshd.world(), warm());
    assert_eq!(echo(&first.connect(&sshd.droplet()).await.unwrap()).await, b"here\n");
    let second = Connector::new(&sshd.world(), warm());
    assert_eq!(echo(&second.connect(&sshd.droplet()).await.unwrap()).await, b"here\n");
    assert_eq!((first.stats().connections_opened(), first.stats().connections_reused()), (1, 0));
    assert_eq!((second.stats().connections_opened(), second.stats().connections_reused()), (0, 1));
    assert_eq!(second.stats().commands_run(), 1);
    let owner = Connector::new(&sshd.world(), ConnectOptions::default());
    let to = owner.connect(&sshd.droplet()).await.unwrap();
    assert_eq!(owner.stats().connections_opened(), 1);
    to.close().await;
    let third = Connector::new(&sshd.world(), warm());
    third.connect(&sshd.droplet()).await.unwrap();
    assert_eq!(third.stats().connections_reused(), 1, "closing one's own leaves the warm one alone");
}

#[tokio::test]
async fn a_warm_connection_that_died_is_replaced() {
    let mut sshd = Sshd::start();
    let first = Connector::new(&sshd.world(), warm());
    first.connect(&sshd.droplet()).await.unwrap();
    sshd.restart();
    let second = Connector::new(&sshd.world(), warm());
    assert_eq!(echo(&second.connect(&sshd.droplet()).await.unwrap()).await, b"here\n");
    assert_eq!((second.stats().connections_opened(), second.stats().connections_reused()), (1, 0));
}

/// The address of a server behind a proxy; ssh knows its key under the server's own name.
fn behind(proxy: &Proxy, sshd: &Sshd) -> ops::inventory::SshAddress {
    let alias = format!("HostKeyAlias [{}]:{}\n", sshd.ip, sshd.port);
    std::fs::write(sshd.path("ssh_config"), alias).unwrap();
    ops::inventory::SshAddress { port: Some(proxy.port), ..sshd.address() }
}

#[tokio::test]
async fn a_link_that_freezes_silently_is_no_status_within_half_a_minute() {
    let sshd = Sshd::start();
    let proxy = Proxy::to(&sshd.ip, sshd.port);
    let address = behind(&proxy, &sshd);
    let to = connect(&droplet(address), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let started = Instant::now();
    let cmd = Cmd::script(Program::shell("test", &["echo begun; sleep 60"]), Vec::<String>::new());
    let freeze = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        proxy.freeze();
        let next = to.run(Call::new(&Cmd::new("true")).timeout(Duration::from_millis(700))).await;
        assert!(matches!(next, Err(TransportError::Lost { .. })), "it was never sent: {next:?}");
    };
    let (answer, ()) = tokio::join!(to.run(Call::new(&cmd).timeout(Duration::from_secs(90))), freeze);
    let Err(TransportError::NoStatus { detail }) = &answer else { panic!("{answer:?}") };
    assert_eq!(detail, "the droplet stopped answering");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_warm_connection_over_a_frozen_link_is_discarded_after_the_probe() {
    let sshd = Sshd::start();
    let proxy = Proxy::to(&sshd.ip, sshd.port);
    let mut address = behind(&proxy, &sshd);
    address.connect_timeout = Duration::from_secs(1);
    let to = droplet(address);
    Connector::new(&sshd.world(), warm()).connect(&to).await.unwrap();
    proxy.freeze();
    let started = Instant::now();
    let second = Connector::new(&sshd.world(), warm());
    let error = second.connect(&to).await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(8), "probe and one attempt: {:?}", started.elapsed());
    assert_eq!((second.stats().connections_opened(), second.stats().connections_reused()), (1, 0));
    eventually("the old master ends", Duration::from_secs(3), || sshd.masters().is_empty()).await;
}

/// The test runs itself as the process that is killed.
#[tokio::test]
async fn a_killed_ops_leaves_no_connection_behind() {
    if let Some(dir) = rerun::role() {
        let (world, droplet) = rerun::load(&dir);
        let to = connect(&droplet, &world, ConnectOptions::default()).await.unwrap();
        assert_eq!(echo(&to).await, b"here\n");
        std::fs::write(dir.join("connected"), "").unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        return;
    }
    let sshd = Sshd::start();
    let mut child = rerun::start(&sshd, "transport::links::a_killed_ops_leaves_no_connection_behind");
    eventually("it connects", Duration::from_secs(30), || sshd.path("connected").exists()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!sshd.masters().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("the master ends", Duration::from_secs(30), || sshd.masters().is_empty()).await;
    assert_eq!(std::fs::read_dir(sshd.path("run")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_connection_stays_while_nothing_happens_on_it() {
    let sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    // Longer than a master without a client lives.
    tokio::time::sleep(Duration::from_secs(14)).await;
    assert_eq!(echo(&to).await, b"here\n");
}
