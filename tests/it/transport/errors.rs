//! Every way a connection can fail, each with its own error, its exit code and its next command.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::{Duration, Instant};

use ops::exit::Exit;
use ops::inventory::SshAddress;
use ops::transport::{ConnectOptions, TransportError, connect};

use super::sshd::{Sshd, droplet, free_port, run};

async fn failing(sshd: &Sshd, change: impl FnOnce(&mut SshAddress)) -> TransportError {
    let mut address = sshd.address();
    address.connect_timeout = Duration::from_secs(2);
    change(&mut address);
    let error = connect(&droplet(address), &sshd.world(), ConnectOptions::default()).await.unwrap_err();
    let shown = error.clone().into_error("erp-1", "prod");
    assert_eq!(shown.exit, Exit::Unreachable);
    assert_eq!(shown.droplet.as_deref(), Some("erp-1"));
    assert!(shown.what.contains("erp-1") && !shown.why.is_empty() && !shown.next.is_empty(), "{shown:?}");
    let text = format!("{shown:?}");
    for wrong in ["StrictHostKeyChecking=no", "accept-new", "/dev/null", "NoHostAuthentication"] {
        assert!(!text.contains(wrong), "advice never switches a check off: {text}");
    }
    assert_eq!(std::fs::read_dir(sshd.path("run")).map_or(0, Iterator::count), 0, "nothing is left");
    error
}

fn next(error: &TransportError) -> String {
    error.clone().into_error("erp-1", "prod").next.join("\n")
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let sshd = Sshd::start();
    let error = failing(&sshd, |a| a.host = "no-such-host.invalid".to_owned()).await;
    assert_eq!(error, TransportError::NameNotFound { host: "no-such-host.invalid".to_owned() });
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let sshd = Sshd::start();
    let port = free_port("127.0.0.1");
    let error = failing(&sshd, |a| a.port = Some(port)).await;
    assert_eq!(error, TransportError::Refused { host: "127.0.0.1".to_owned(), port });
    assert!(next(&error).contains(&port.to_string()));
}

#[tokio::test]
async fn a_server_that_never_says_a_word() {
    let sshd = Sshd::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let started = Instant::now();
    let error = failing(&sshd, |a| a.port = Some(port)).await;
    assert!(matches!(error, TransportError::TimedOut { .. }), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_host_key_nobody_has_seen() {
    let sshd = Sshd::start();
    std::fs::write(sshd.path("known_hosts"), "").unwrap();
    let error = failing(&sshd, |_| {}).await;
    let TransportError::HostKeyUnknown { host, .. } = &error else { panic!("{error:?}") };
    assert_eq!(*host, format!("[127.0.0.1]:{}", sshd.port));
    let login = format!("-p {} 127.0.0.1", sshd.port);
    assert!(next(&error).contains(&login) && next(&error).contains("fingerprint"), "{}", next(&error));
    assert_eq!(std::fs::read_to_string(sshd.path("known_hosts")).unwrap(), "", "nothing is trusted");
}

#[tokio::test]
async fn a_host_key_that_changed() {
    let sshd = Sshd::start();
    let other = std::fs::read_to_string(sshd.path("other.pub")).unwrap();
    sshd.know(other.trim());
    let error = failing(&sshd, |_| {}).await;
    let place = format!("{}:1", sshd.path("known_hosts").display());
    let host = format!("[127.0.0.1]:{}", sshd.port);
    assert_eq!(error, TransportError::HostKeyChanged { host: host.clone(), place: Some(place) });
    let file = sshd.path("known_hosts").display().to_string();
    assert!(next(&error).contains(&format!("ssh-keygen -R '{host}' -f {file}")), "{}", next(&error));
    assert!(std::fs::read_to_string(&file).unwrap().contains(other.split(' ').nth(1).unwrap()));
}

#[tokio::test]
async fn the_wrong_key_and_the_wrong_user() {
    let sshd = Sshd::start();
    let other = sshd.path("other");
    let error = failing(&sshd, |a| a.identity = Some(other)).await;
    let TransportError::LoginRefused { detail, .. } = &error else { panic!("{error:?}") };
    assert!(detail.contains("Permission denied"));
    let error = failing(&sshd, |a| a.user = Some("no-such-user".to_owned())).await;
    let TransportError::LoginRefused { user, .. } = &error else { panic!("{error:?}") };
    assert_eq!(user, "no-such-user");
    assert!(next(&error).contains("ssh -v") && next(&error).contains("no-such-user@127.0.0.1"));
}

#[tokio::test]
async fn a_key_that_needs_a_passphrase_and_nobody_to_ask() {
    let sshd = Sshd::start();
    let key = sshd.path("locked");
    let words = ["-q", "-t", "ed25519", "-N", "secret", "-f"];
    run("ssh-keygen", &[words.as_slice(), &[&key.display().to_string()]].concat());
    std::fs::copy(sshd.path("locked.pub"), sshd.path("authorized_keys")).unwrap();
    let error = failing(&sshd, |a| a.identity = Some(key)).await;
    assert!(matches!(error, TransportError::LoginRefused { .. }), "{error:?}");
}

#[tokio::test]
async fn an_identity_file_that_is_not_there() {
    let sshd = Sshd::start();
    let missing = sshd.path("missing key");
    let error = failing(&sshd, |a| a.identity = Some(missing.clone())).await;
    assert_eq!(error, TransportError::IdentityMissing { path: missing });
}

#[tokio::test]
async fn a_machine_without_ssh() {
    let sshd = Sshd::start();
    let mut world = sshd.world();
    world.env.insert("PATH".to_owned(), sshd.dir.path().display().to_string());
    let error = connect(&sshd.droplet(), &world, ConnectOptions::default()).await.unwrap_err();
    assert_eq!(error, TransportError::NoSshClient);
}

/// Says this to everybody and hangs up.
fn rude_server(line: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(50) {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.write_all(line).and_then(|()| stream.shutdown(Shutdown::Write));
            // Hanging up on what was not read would take the line back.
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    port
}

#[tokio::test]
async fn a_server_that_hangs_up_is_tried_again_and_then_reported() {
    let sshd = Sshd::start();
    let started = Instant::now();
    let port = rude_server(b"");
    let error = failing(&sshd, |a| a.port = Some(port)).await;
    assert!(matches!(error, TransportError::Throttled { penalty: false, .. }), "{error:?}");
    assert!(started.elapsed() > Duration::from_secs(2), "it was tried again");
    assert!(started.elapsed() < Duration::from_secs(40), "but not for ever");
}

#[tokio::test]
async fn a_penalty_is_not_made_longer_by_trying_again() {
    let sshd = Sshd::start();
    let started = Instant::now();
    let port = rude_server(b"Not allowed at this time\r\n");
    let error = failing(&sshd, |a| a.port = Some(port)).await;
    assert!(matches!(error, TransportError::Throttled { penalty: true, .. }), "{error:?}");
    assert!(next(&error).contains("wait"));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn hostile_addresses_never_become_options_or_shell() {
    let sshd = Sshd::start();
    let trap = sshd.path("trap");
    let touch = format!("touch {}", trap.display());
    for text in [
        format!("-oProxyCommand={touch}"),
        format!("$({touch})"),
        format!("`{touch}`"),
        format!("x;{touch}"),
        format!("x\n{touch}"),
        "a b".to_owned(),
        "n".repeat(3000),
    ] {
        failing(&sshd, |a| a.host = text.clone()).await;
        failing(&sshd, |a| a.user = Some(text.clone())).await;
        failing(&sshd, |a| a.jump = Some(text.clone())).await;
    }
    let spaced = sshd.path("with 'quotes' %h and spaces; x");
    std::fs::copy(sshd.path("known_hosts"), &spaced).unwrap();
    let mut address = sshd.address();
    address.known_hosts = Some(spaced);
    connect(&droplet(address), &sshd.world(), ConnectOptions::default()).await.unwrap();
    assert!(!trap.exists());
}

#[tokio::test]
async fn a_directory_for_sockets_that_is_not_ours_is_refused() {
    let sshd = Sshd::start();
    let mut world = sshd.world();
    std::fs::create_dir(sshd.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink(sshd.path("elsewhere"), sshd.path("link")).unwrap();
    world.runtime_dir = sshd.path("link");
    let error = connect(&sshd.droplet(), &world, ConnectOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("symlink"), "{error}");
    world.runtime_dir = sshd.path(&"d".repeat(90));
    let error = connect(&sshd.droplet(), &world, ConnectOptions::default()).await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}
