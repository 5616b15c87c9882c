//! Waiting until a Compose service is healthy, told by Docker's own events instead of by asking again
//! and again. Read-only.

use std::collections::HashMap;
use std::pin::Pin;
use std::time::Duration;

use bollard::Docker;
use bollard::models::EventMessage;
use bollard::query_parameters::{
    EventsOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder, LogsOptionsBuilder,
};
use futures_util::{Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

/// Even a lost event stream must not hide a change for longer than this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Between two tries while Docker does not answer.
const BLIND: Duration = Duration::from_millis(500);

/// Why a service is not healthy, with what its container said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unhealthy {
    pub why: String,
    /// Last lines of the container's log, raw.
    pub log: Vec<u8>,
    /// The container's state in one line.
    pub state: String,
    /// The output of the last health probe, raw.
    pub probe: Vec<u8>,
}

/// Why it cannot be said that a service is healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sick {
    Unhealthy(Box<Unhealthy>),
    /// Docker did not answer when the time was over: nobody knows how the service is.
    Unseen(String),
}

/// What one look at the container says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    id: String,
    status: String,
    health: Option<String>,
    exit_code: i64,
    restarts: i64,
    oom_killed: bool,
    probe: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Healthy,
    Wait,
    Hopeless(String),
}

/// Waits until the service's container runs and is healthy (or runs, where it has no health check).
///
/// # Errors
/// [`Sick::Unhealthy`] as soon as waiting is hopeless (exited, restarting again and again, killed for
/// memory) or when the time is over. Only what a look has just shown is judged.
pub async fn await_healthy(
    docker: &Docker,
    project: &str,
    service: &str,
    limit: Duration,
    on_state: &(dyn Fn(String) + Send + Sync),
) -> Result<(), Sick> {
    let deadline = Instant::now() + limit;
    let labels = [
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={service}"),
        "com.docker.compose.oneoff=False".to_owned(),
    ];
    let filters =
        HashMap::from([("type", vec!["container"]), ("label", labels.iter().map(String::as_str).collect())]);
    // The stream is opened before the first look, so nothing can happen in between unseen.
    let mut events = watch(docker, &filters);
    let mut last = String::new();
    loop {
        let look = match look_at(docker, &labels).await {
            Ok(look) => look,
            Err(error) => {
                let why = format!("Docker does not answer: {error}");
                say_once(on_state, &mut last, why.clone());
                if Instant::now() >= deadline {
                    return Err(Sick::Unseen(why));
                }
                tokio::time::sleep(BLIND).await;
                events = watch(docker, &filters);
                continue;
            }
        };
        let wait = match look.as_ref().map(judge) {
            Some(Judgement::Healthy) => return Ok(()),
            Some(Judgement::Hopeless(why)) => return Err(unhealthy(docker, look, why).await),
            Some(Judgement::Wait) | None => describe(look.as_ref()),
        };
        say_once(on_state, &mut last, wait.clone());
        if Instant::now() >= deadline {
            let why = format!("not healthy after {} s: {wait}", limit.as_secs());
            return Err(unhealthy(docker, look, why).await);
        }
        let until = deadline.min(Instant::now() + LOOK_AGAIN);
        if let Ok(None | Some(Err(_))) = timeout_at(until, events.next()).await {
            // The stream ended: without it this loop would spin.
            tokio::time::sleep(BLIND).await;
            events = watch(docker, &filters);
        }
    }
}

type Events = Pin<Box<dyn Stream<Item = Result<EventMessage, bollard::errors::Error>> + Send>>;

fn watch(docker: &Docker, filters: &HashMap<&str, Vec<&str>>) -> Events {
    Box::pin(docker.events(Some(EventsOptionsBuilder::new().filters(filters).build())))
}

/// Says a state once, when it is new.
fn say_once(on_state: &(dyn Fn(String) + Send + Sync), last: &mut String, state: String) {
    if *last != state {
        on_state(state.clone());
        *last = state;
    }
}

async fn look_at(docker: &Docker, labels: &[String]) -> Result<Option<Look>, bollard::errors::Error> {
    let filters = HashMap::from([("label", labels.iter().map(String::as_str).collect::<Vec<_>>())]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let list = docker.list_containers(Some(options)).await?;
    let Some(id) = list.into_iter().next().and_then(|container| container.id) else { return Ok(None) };
    let found = docker.inspect_container(&id, None::<InspectContainerOptions>).await?;
    let state = found.state.unwrap_or_default();
    let health = state.health.unwrap_or_default();
    let status = state.status.map(|status| status.to_string()).unwrap_or_default();
    let has_check = health.status.is_some();
    let name =
        health.status.map(|status| status.to_string()).filter(|name| !name.is_empty() && name != "none");
    Ok(Some(Look {
        id,
        status,
        health: if has_check { name } else { None },
        exit_code: state.exit_code.unwrap_or_default(),
        restarts: found.restart_count.unwrap_or_default(),
        oom_killed: state.oom_killed.unwrap_or_default(),
        probe: health.log.unwrap_or_default().pop().and_then(|probe| probe.output).unwrap_or_default(),
    }))
}

fn judge(look: &Look) -> Judgement {
    if look.oom_killed {
        return Judgement::Hopeless("killed because it ran out of memory".into());
    }
    match (look.status.as_str(), look.health.as_deref()) {
        ("running", None | Some("healthy")) if look.restarts < 2 => Judgement::Healthy,
        // Docker forgets the exit code while the next attempt runs.
        (_, _) if look.restarts >= 2 && look.exit_code == 0 => {
            Judgement::Hopeless("it stops and is restarted again and again".into())
        }
        (_, _) if look.restarts >= 2 => Judgement::Hopeless(format!(
            "it stops and is restarted again and again (exit code {})",
            look.exit_code
        )),
        ("exited" | "dead", _) => {
            Judgement::Hopeless(format!("it stopped with exit code {}", look.exit_code))
        }
        _ => Judgement::Wait,
    }
}

fn describe(look: Option<&Look>) -> String {
    match look {
        None => "no container yet".into(),
        Some(look) => match &look.health {
            Some(health) => format!("{}, {health}", look.status),
            None => look.status.clone(),
        },
    }
}

async fn unhealthy(docker: &Docker, look: Option<Look>, why: String) -> Sick {
    let state = describe(look.as_ref());
    let Some(look) = look else {
        return Sick::Unhealthy(Box::new(Unhealthy { why, log: Vec::new(), state, probe: Vec::new() }));
    };
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail("40").build();
    let mut logs = docker.logs(&look.id, Some(options));
    let mut log = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while let Ok(Some(Ok(chunk))) = timeout_at(deadline, logs.next()).await {
        log.extend_from_slice(&chunk.into_bytes());
        if log.len() > 256 << 10 {
            break;
        }
    }
    let code =
        if look.status == "running" { String::new() } else { format!(", exit code {}", look.exit_code) };
    let state = format!("{state}{code}, restarted {} times", look.restarts);
    Sick::Unhealthy(Box::new(Unhealthy { why, log, state, probe: look.probe.into_bytes() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(status: &str, health: Option<&str>, restarts: i64) -> Look {
        Look {
            id: "1".into(),
            status: status.into(),
            health: health.map(Into::into),
            exit_code: 1,
            restarts,
            oom_killed: false,
            probe: String::new(),
        }
    }

    #[tokio::test]
    async fn what_nobody_could_see_is_not_called_unhealthy() {
        let silent =
            |_| async { Err(bollard::errors::Error::from(std::io::Error::other("the link was cut"))) };
        let version = bollard::API_DEFAULT_VERSION;
        let docker =
            Docker::connect_with_custom_transport(silent, Some("http://docker"), 5, version).unwrap();
        let seen = await_healthy(&docker, "odoo", "web", Duration::from_secs(1), &|_| {}).await;
        let Err(Sick::Unseen(why)) = seen else { panic!("{seen:?}") };
        assert!(why.starts_with("Docker does not answer"), "{why}");
    }

    #[test]
    fn a_look_is_judged() {
        assert_eq!(judge(&look("running", Some("healthy"), 0)), Judgement::Healthy);
        assert_eq!(judge(&look("running", None, 0)), Judgement::Healthy);
        assert_eq!(judge(&look("running", Some("starting"), 0)), Judgement::Wait);
        // A slow start may recover until the time is over.
        assert_eq!(judge(&look("running", Some("unhealthy"), 0)), Judgement::Wait);
        assert!(matches!(judge(&look("exited", None, 0)), Judgement::Hopeless(_)));
        assert!(matches!(judge(&look("restarting", Some("starting"), 2)), Judgement::Hopeless(_)));
        // Up again for a moment between two crashes is not healthy.
        assert!(matches!(judge(&look("running", None, 3)), Judgement::Hopeless(_)));
        assert!(matches!(
            judge(&Look { oom_killed: true, ..look("running", None, 0) }),
            Judgement::Hopeless(_)
        ));
    }
}
