//! Docker's API over the transport: against a stand-in that speaks HTTP on its stdin, and against a
//! real engine where one answers.

use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::RemoveVolumeOptions;
use futures_util::StreamExt;
use ops::inventory::{Address, Become, Droplet, Role};
use ops::transport::{ConnectOptions, Connector, Transport, TransportError, connect};

use super::sshd::{Sshd, executable, world};

/// Answers each request of a connection; says on stderr how often it was started.
const STAND_IN: &str = r#"#!/bin/sh
[ "$*" = "system dial-stdio" ] || exit 64
echo started >>"$0.log"
while read -r method path _; do
  host=
  while read -r name value; do
    [ "$name" = "$(printf '\r')" ] && break
    case $name in [Hh]ost:) host=$value ;; esac
  done
  [ -n "$host" ] || exit 65
  case $path in
    */version) body='{"ApiVersion":"1.41","Version":"20.10.24"}' ;;
    */containers/json*) body='[{"Id":"abc","Names":["/odoo"]}]' ;;
    *) body='[]' ;;
  esac
  printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' "${#body}" "$body"
done
"#;

async fn near(sshd: &Sshd) -> Arc<dyn Transport> {
    let mut world = world(sshd.dir.path());
    let path = format!("{}:{}", sshd.path("bin").display(), world.env["PATH"]);
    world.env.insert("PATH".to_owned(), path);
    let local = Address::Local { r#become: Become::No };
    let here = Droplet {
        name: "here".to_owned(),
        address: local,
        roles: vec![Role::Web],
        compose: vec!["compose.yaml".into()],
    };
    connect(&here, &world, ConnectOptions::default()).await.unwrap()
}

#[tokio::test]
async fn the_engine_is_asked_over_one_channel_that_is_used_again() {
    let sshd = Sshd::with_path("");
    executable(&sshd.path("bin/docker"), STAND_IN);
    let connector = Connector::new(&sshd.world(), ConnectOptions::default());
    let far = connector.connect(&sshd.droplet()).await.unwrap();
    for to in [far, near(&sshd).await] {
        let _ = std::fs::remove_file(sshd.path("bin/docker.log"));
        let docker = to.docker().await.unwrap();
        assert_eq!(docker.client_version().to_string(), "1.41", "negotiated");
        for _ in 0..3 {
            let all = docker.list_containers(None).await.unwrap();
            assert_eq!(all[0].id.as_deref(), Some("abc"));
        }
        let again = to.docker().await.unwrap();
        assert_eq!(again.list_containers(None).await.unwrap().len(), 1);
        assert_eq!(std::fs::read_to_string(sshd.path("bin/docker.log")).unwrap(), "started\n");
        let (a, b) = tokio::join!(docker.list_containers(None), docker.list_containers(None));
        assert_eq!((a.unwrap().len(), b.unwrap().len()), (1, 1), "two at once have a channel each");
    }
    assert_eq!(connector.stats().connections_opened(), 1);
}

#[tokio::test]
async fn without_an_engine_the_reason_is_dockers_own() {
    let sshd = Sshd::with_path("");
    let refuses = "#!/bin/sh\necho 'permission denied while trying to connect to the socket' >&2\nexit 1\n";
    executable(&sshd.path("bin/docker"), refuses);
    let far = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    for to in [far, near(&sshd).await] {
        let error = to.docker().await.unwrap_err();
        let TransportError::Docker { detail } = &error else { panic!("{error:?}") };
        assert!(detail.contains("permission denied while trying"), "{detail}");
    }
}

#[tokio::test]
async fn a_real_engine_where_one_answers_tells_its_events() {
    if std::os::unix::net::UnixStream::connect("/var/run/docker.sock").is_err() {
        return;
    }
    let sshd = Sshd::start();
    let to = connect(&sshd.droplet(), &sshd.world(), ConnectOptions::default()).await.unwrap();
    let docker = to.docker().await.unwrap();
    let info = docker.version().await.unwrap();
    assert!(info.api_version.is_some());
    let mut events = docker.events(None);
    let name = format!("ops-test-{}", std::process::id());
    // Again and again: nobody knows when a busy engine begins to tell.
    let made = async {
        loop {
            let volume =
                bollard::models::VolumeCreateRequest { name: Some(name.clone()), ..Default::default() };
            docker.create_volume(volume).await.unwrap();
            docker.remove_volume(&name, None::<RemoveVolumeOptions>).await.unwrap();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(50), events.next());
    let heard = tokio::select! { heard = heard => heard, () = made => unreachable!() };
    // It may have been heard of between the two.
    let _ = docker.remove_volume(&name, None::<RemoveVolumeOptions>).await;
    assert!(heard.unwrap().unwrap().is_ok());
}
