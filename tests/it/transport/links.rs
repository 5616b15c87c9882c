//! Connections: what breaks, what is left behind, what is used again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ops::cmd::Cmd;
use ops::transport::{Call, ConnectOptions, Connector, Transport, TransportError, connect};

use super::sshd::{Sshd, eventually};

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
    let cmd = Cmd::script("echo begun; sleep 20", Vec::<String>::new());
    let kill = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sshd.kill_sessions();
    };
    let (answer, ()) = tokio::join!(to.run(Call::new(&cmd)), kill);
    assert!(matches!(answer, Err(TransportError::NoStatus { .. })), "{answer:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
    let next = to.run(Call::new(&Cmd::new("true"))).await;
    assert!(matches!(next, Err(TransportError::Lost { .. })), "did not start: {next:?}");
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
