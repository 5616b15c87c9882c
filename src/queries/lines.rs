//! Lines of containers on their way, and several containers' in one order.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::Docker;
use futures_util::future::join_all;
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::event::LogLine;
use crate::text::printable;

/// Of one container, on their way.
pub(super) const AHEAD: usize = 256;

pub(super) type Lines = Pin<Box<dyn Stream<Item = LogLine> + Send>>;

/// What could not be heard to its end, in words. Nothing that is silent for a reason looks as if it had nothing to say.
pub(super) type Faults = Arc<Mutex<Vec<String>>>;

/// Ends with the first error, which is a fault of `who`.
pub(super) fn chunks(
    docker: Docker,
    id: String,
    who: String,
    faults: Faults,
    options: bollard::query_parameters::LogsOptions,
) -> impl Stream<Item = Vec<u8>> + Send {
    let (send, heard) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut said = Box::pin(docker.logs(&id, Some(options)));
        while let Some(chunk) = said.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk.as_ref().to_vec(),
                Err(error) => {
                    let fault = format!(
                        "the log of {who} was not read to its end: {}",
                        printable(&error.to_string())
                    );
                    return faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
                }
            };
            if send.send(chunk).await.is_err() {
                return;
            }
        }
    });
    futures_util::stream::unfold(heard, |mut heard| async { heard.recv().await.map(|chunk| (chunk, heard)) })
}

/// `2026-11-22T01:02:03.000000004Z text`
pub(super) fn read(chunk: &[u8], droplet: &str, service: &str) -> Option<LogLine> {
    let text = String::from_utf8_lossy(chunk);
    let (at, text) = text.trim_end_matches(['\n', '\r']).split_once(' ')?;
    at.parse::<jiff::Timestamp>().ok()?;
    Some(LogLine {
        at: at.to_owned(),
        droplet: droplet.to_owned(),
        service: service.to_owned(),
        text: printable(text),
    })
}

pub(super) struct Source {
    id: String,
    lines: Lines,
    head: Option<LogLine>,
    over: bool,
}

impl Source {
    pub(super) fn new(id: &str, lines: Lines) -> Self {
        Self { id: id.to_owned(), lines, head: None, over: false }
    }
}

/// The earliest line of all: known once each source has shown its next one.
pub(super) async fn next(sources: &mut [Source]) -> Option<(String, LogLine)> {
    join_all(sources.iter_mut().filter(|one| one.head.is_none() && !one.over).map(|one| async {
        one.head = one.lines.next().await;
        one.over = one.head.is_none();
    }))
    .await;
    let at = |one: &Source| one.head.as_ref().map(|line| line.at.clone());
    let first = sources.iter_mut().filter(|one| one.head.is_some()).min_by_key(|one| at(one))?;
    first.head.take().map(|line| (first.id.clone(), line))
}

/// Hands over what was said after `told`, and nothing when the container has stopped.
pub(super) async fn pass_on(
    id: String,
    told: Option<String>,
    mut lines: Lines,
    to: mpsc::Sender<(String, Option<LogLine>)>,
) {
    while let Some(line) = lines.next().await {
        let new = told.as_ref().is_none_or(|told| *told < line.at);
        if new && to.send((id.clone(), Some(line))).await.is_err() {
            return;
        }
    }
    // Nobody listens any more when this fails.
    let _ = to.send((id, None)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(id: &str, lines: &[(&str, &str)]) -> Source {
        let line = |(at, text): &(&str, &str)| LogLine {
            at: (*at).to_owned(),
            droplet: id.to_owned(),
            service: "odoo".to_owned(),
            text: (*text).to_owned(),
        };
        let lines: Vec<LogLine> = lines.iter().map(line).collect();
        Source {
            id: id.to_owned(),
            lines: Box::pin(futures_util::stream::iter(lines)),
            head: None,
            over: false,
        }
    }

    #[tokio::test]
    async fn lines_of_all_come_in_the_order_of_their_moments() {
        let mut sources = [
            source("a", &[("1", "one"), ("4", "four")]),
            source("b", &[("2", "two"), ("3", "three")]),
            source("c", &[]),
        ];
        let mut told = Vec::new();
        while let Some((id, line)) = next(&mut sources).await {
            told.push(format!("{id} {}", line.text));
        }
        assert_eq!(told, ["a one", "b two", "b three", "a four"]);
    }

    #[test]
    fn what_is_no_line_of_dockers_is_none() {
        let line = read(b"2026-11-22T01:02:03.000000004Z \x1b[31mred\r\n", "erp-1", "odoo").unwrap();
        assert!(line.text.contains("red") && !line.text.contains('\u{1b}'), "{line:?}");
        assert_eq!(read(b"yesterday something", "erp-1", "odoo"), None);
        assert_eq!(read(b"", "erp-1", "odoo"), None);
    }
}
