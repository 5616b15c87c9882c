//! What the laptop shows while the droplet waits for a container: its state by Docker's own events,
//! over Docker's API. It decides nothing; a link that breaks only ends the showing.

use std::collections::HashMap;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    EventsOptionsBuilder, InspectContainerOptions, ListContainersOptionsBuilder,
};
use futures_util::StreamExt;
use tokio::time::{sleep, timeout};

use super::section::Context;
use crate::event::Event;
use crate::plan::Step;
use crate::text;

/// A container that is healthy sooner needs no channel of its own.
const PATIENT: Duration = Duration::from_secs(3);
/// Even a lost event stream must not hide a change for longer than this.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Says every new state of the service's container, until it is dropped or Docker does not answer.
pub async fn observe(cx: &Context<'_>, step: &Step, project: &str, service: &str) {
    sleep(PATIENT).await;
    let Ok(docker) = cx.post.link.docker().await else { return };
    let labels = [
        format!("com.docker.compose.project={project}"),
        format!("com.docker.compose.service={service}"),
        "com.docker.compose.oneoff=False".to_owned(),
    ];
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let filters = HashMap::from([("type", vec!["container"]), ("label", labels.clone())]);
    // The stream is opened before the first look, so nothing can happen in between unseen.
    let mut events = docker.events(Some(EventsOptionsBuilder::new().filters(&filters).build()));
    let mut last = String::new();
    loop {
        let Ok(state) = state(&docker, &labels).await else { return };
        if state != last {
            cx.listener.on(&Event::StepOutput {
                step: step.id.clone(),
                droplet: step.droplet.clone(),
                line: text::printable(&format!("{service}: {state}")),
            });
            last = state;
        }
        if let Ok(None | Some(Err(_))) = timeout(LOOK_AGAIN, events.next()).await {
            return;
        }
    }
}

async fn state(docker: &Docker, labels: &[&str]) -> Result<String, bollard::errors::Error> {
    let filters = HashMap::from([("label", labels.to_vec())]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let list = docker.list_containers(Some(options)).await?;
    let Some(id) = list.into_iter().next().and_then(|container| container.id) else {
        return Ok("no container yet".into());
    };
    let found = docker.inspect_container(&id, None::<InspectContainerOptions>).await?;
    let state = found.state.unwrap_or_default();
    let status = state.status.map(|status| status.to_string()).unwrap_or_default();
    let health = state.health.and_then(|health| health.status).map(|status| status.to_string());
    Ok(match health.filter(|name| !name.is_empty() && name != "none") {
        Some(health) => format!("{status}, {health}"),
        None => status,
    })
}
