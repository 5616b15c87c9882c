//! Environments looked at again and again: every droplet by itself, on a connection that stays.
//!
//! A droplet that hangs delays no other. Between two looks Docker's events are heard, so that a container that ends is
//! seen at once. A connection that broke is opened anew, and nobody is asked anything for it: only the first login may
//! ask. Deliberately absent: what was seen before (whoever shows it keeps it).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::health::{Asked, ask, judged, whole};
use super::names::here;
use crate::checks::health::{Looked, MIXED, mixed};
use crate::crew::nonce;
use crate::facts::Facts;
use crate::inventory::{Droplet, Environment, Inventory};
use crate::transport::{ConnectOptions, Connector, Transport, TransportError};
use crate::world::World;

/// Containers rarely end alone: what comes together is one reason to look.
const TOGETHER: Duration = Duration::from_millis(300);
/// From the begin of one look to that of the next, whatever happens.
const APART: Duration = Duration::from_secs(1);
/// What may have changed how a droplet is. (A health check that says the same again is none.)
const EVENTS: [&str; 7] = ["start", "die", "oom", "pause", "unpause", "destroy", "health_status"];

/// What one look at one droplet found.
#[derive(Debug)]
pub struct Sight {
    /// Which droplet, counted through all environments.
    pub at: usize,
    pub looked: Looked,
    pub facts: Option<Facts>,
}

/// What the person wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// No look by itself.
    pub paused: bool,
    /// How many times a look was asked for.
    pub asked: u64,
}

/// See the module.
pub struct Vigil<'a> {
    posts: Vec<Post<'a>>,
    world: World,
    first: Connector,
    later: Connector,
    every: Duration,
}

struct Post<'a> {
    env: &'a Environment,
    whole: &'a Environment,
    droplet: &'a Droplet,
    link: Mutex<Option<Arc<dyn Transport>>>,
}

/// Docker's events of one droplet.
struct Ear {
    said: BoxStream<'static, Rumour>,
    /// The engine let us listen.
    listening: bool,
}

enum Rumour {
    Listening,
    Stir,
}

impl<'a> Vigil<'a> {
    pub fn new(
        envs: &'a [Environment],
        inventory: &'a Inventory,
        world: &World,
        options: ConnectOptions,
        every: Duration,
    ) -> Self {
        let all = envs.iter().flat_map(|env| env.droplets.iter().map(move |droplet| (env, droplet)));
        let post =
            |(env, droplet)| Post { env, whole: whole(inventory, env), droplet, link: Mutex::default() };
        let posts = all.map(post).collect();
        let silent = ConnectOptions { interactive: None, ..options.clone() };
        let (first, later) = (Connector::new(world, options), Connector::new(world, silent));
        let world = world.clone();
        Self { posts, world, first, later, every }
    }

    /// Looks until nobody listens any more.
    pub async fn keep(&self, tell: mpsc::Sender<Sight>, pace: watch::Receiver<Pace>) {
        let all = self.posts.iter().enumerate();
        join_all(all.map(|(at, post)| self.stand(at, post, tell.clone(), pace.clone()))).await;
    }

    /// Gives the connections back.
    pub async fn end(&self) {
        join_all(self.posts.iter().map(Post::hang_up)).await;
    }

    async fn stand(
        &self,
        at: usize,
        post: &Post<'_>,
        tell: mpsc::Sender<Sight>,
        mut pace: watch::Receiver<Pace>,
    ) {
        let mut connector = &self.first;
        let mut ear: Option<Ear> = None;
        loop {
            let asked = pace.borrow_and_update().asked;
            let begin = Instant::now();
            let answer = post.look(connector, &self.world).await;
            connector = &self.later;
            let (looked, facts) = judged(post.env, post.droplet, begin, answer);
            match &facts {
                Some(facts) => ear = ear.or_else(|| post.listen(facts)),
                None => {
                    ear = None;
                    post.hang_up().await;
                }
            }
            if tell.send(Sight { at, looked, facts }).await.is_err() {
                return;
            }
            let due = Due { begin, every: self.every, asked };
            match due.rest(&mut ear, &mut pace).await {
                Some(End::Regular) => {}
                Some(End::Deaf) => post.hang_up().await,
                None => return,
            }
        }
    }
}

impl Post<'_> {
    fn link(&self) -> Option<Arc<dyn Transport>> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn look(&self, connector: &Connector, world: &World) -> std::result::Result<Facts, TransportError> {
        let nonce = nonce().map_err(|error| TransportError::Other { detail: error.to_string() })?;
        let link = match self.link() {
            Some(link) => link,
            None => {
                let link = connector.connect(self.droplet).await?;
                *self.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
                link
            }
        };
        let asked = Asked { world, env: self.env, whole: self.whole, droplet: self.droplet };
        ask(&*link, asked, &nonce, here(self.whole)).await
    }

    async fn hang_up(&self) {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            link.close().await;
        }
    }

    /// From the moment of the look on, by the droplet's clock: what happened since is told as well.
    fn listen(&self, facts: &Facts) -> Option<Ear> {
        let link = self.link()?;
        let project = facts.project().map_or_else(|| super::default_project(self.env), str::to_owned);
        let filters = HashMap::from([
            ("type", vec!["container".to_owned()]),
            ("event", EVENTS.map(str::to_owned).to_vec()),
            ("label", vec![format!("com.docker.compose.project={project}")]),
        ]);
        let mut options = EventsOptionsBuilder::new().filters(&filters);
        if let Ok(state) = &facts.state {
            options = options.since(&state.now.to_string());
        }
        let options = options.build();
        let said = stream::once(async move { link.docker().await.ok() }).filter_map(std::future::ready);
        let said = said.flat_map(move |docker| {
            let events = docker.events(Some(options.clone()));
            // An error is the end: whoever looks next finds out why.
            let stirs = events.take_while(|event| std::future::ready(event.is_ok())).map(|_| Rumour::Stir);
            stream::once(std::future::ready(Rumour::Listening)).chain(stirs)
        });
        Some(Ear { said: said.boxed(), listening: false })
    }
}

/// When the next look begins.
struct Due {
    begin: Instant,
    every: Duration,
    asked: u64,
}

/// Why it begins.
enum End {
    Regular,
    /// The engine or the connection went away while it was listened to.
    Deaf,
}

impl Due {
    /// None: nobody listens any more.
    async fn rest(&self, ear: &mut Option<Ear>, pace: &mut watch::Receiver<Pace>) -> Option<End> {
        let mut due = self.begin + self.every;
        let mut end = End::Regular;
        loop {
            let now = *pace.borrow_and_update();
            if now.asked != self.asked {
                return Some(end);
            }
            let stirred = tokio::select! {
                () = tokio::time::sleep_until(due), if !now.paused => return Some(end),
                changed = pace.changed() => {
                    changed.ok()?;
                    false
                }
                rumour = heard(ear) => match (rumour, &mut *ear) {
                    (Some(Rumour::Listening), Some(ear)) => {
                        ear.listening = true;
                        false
                    }
                    (Some(_), _) => true,
                    (None, gone) => {
                        let was = gone.take().is_some_and(|ear| ear.listening);
                        if was {
                            end = End::Deaf;
                        }
                        was
                    }
                },
            };
            if stirred {
                due = due.min((Instant::now() + TOGETHER).max(self.begin + APART));
            }
        }
    }
}

/// Without an ear nothing is heard, ever.
async fn heard(ear: &mut Option<Ear>) -> Option<Rumour> {
    match ear {
        Some(ear) => ear.said.next().await,
        None => std::future::pending().await,
    }
}

/// What the looks at all droplets of an environment say together; it stands with its home droplet.
pub fn compare(env: &Environment, facts: &BTreeMap<String, Facts>, home: &mut Looked) {
    home.findings.retain(|finding| finding.id != MIXED);
    if home.reached {
        home.findings.extend(mixed(env, facts));
    }
}
