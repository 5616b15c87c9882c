//! The steps around the web service: in the place of the old one, or beside it and then handed over.
//!
//! Read backwards, they are the undo, and it loses no request either: the old slot is up before nginx goes
//! back to it, and the new one ends what it has begun before it is removed.

use super::steps::{Builder, by, run};
use super::strategy::Handover;
use crate::plan::{Action, Phase, Step, Undo};
use crate::text::count;
use crate::tools::slots::{Retiring, Site};
use crate::tools::{healthy, web};

impl Builder<'_> {
    /// The Compose service of the new release.
    fn service(&self) -> String {
        self.place.service(&self.env.stack.web)
    }

    /// The errors that the old container logged before.
    pub(super) fn errors(&self) -> String {
        format!("{}/errors.before", self.place.dir)
    }

    pub(super) fn drain_seconds(&self) -> u64 {
        self.env.deploy.drain.as_secs()
    }

    /// Starts the new release's services; `live` is the service that serves now, `anew` where it is another
    /// one than the new.
    fn start(&self, live: &str, missing: &[String], anew: bool) -> Vec<Action> {
        let project = self.project(&self.place.file);
        let mut actions = vec![run(web::remember_errors(&self.place.project, live, &self.errors()))];
        if !missing.is_empty() {
            actions.push(run(project.up_missing(missing)));
        }
        let service = self.service();
        actions.push(run(if anew { project.up_anew(&service) } else { project.up(&service) }));
        actions
    }

    /// Recreates the web service on the new release; `before` is the compose file to go back to.
    pub fn web(&self, before: Option<&str>, missing: &[String]) -> Step {
        let service = self.service();
        let project = self.project(&self.place.file);
        let mut undo = vec![run(match before {
            Some(file) => self.project(file).up_and_wait(&service, self.health_timeout()),
            None => project.remove(&service),
        })];
        undo.extend(missing.iter().map(|name| run(project.remove(name))));
        let title = match before {
            Some(_) => format!("recreate {service} on release {}{}", self.place.id, also(missing)),
            None => format!("start {service} on release {}{}", self.place.id, also(missing)),
        };
        let actions = self.start(&service, missing, before.is_none());
        self.step("switch.web", Phase::Switch, title, actions, Undo::By(undo), self.health_timeout() + 120)
    }

    /// Starts the new release beside the old one; nobody is sent to it yet.
    pub fn beside(&self, live: &str, missing: &[String]) -> Step {
        let service = self.service();
        let project = self.project(&self.place.file);
        let mut undo = vec![run(self.retiring(&service).idle()), run(project.remove(&service))];
        undo.extend(missing.iter().map(|name| run(project.remove(name))));
        let title = format!("start {service} on release {} beside {live}{}", self.place.id, also(missing));
        let limit = self.health_timeout() + self.drain_seconds() + 120;
        self.step("switch.slot", Phase::Switch, title, self.start(live, missing, true), Undo::By(undo), limit)
    }

    /// nginx's site; `keep`: where its text is put aside.
    pub(super) fn nginx<'b>(&'b self, file: &'b str, keep: &'b str) -> Site<'b> {
        Site { file, keep, project: &self.place.project, container: self.proxy_container() }
    }

    /// Points nginx to the new slot.
    pub fn hand_over(&self, handover: &Handover) -> Step {
        let keep = format!("{}/site.before", self.place.dir);
        let site = self.nginx(&handover.site, &keep);
        let servers: Vec<_> = handover
            .servers
            .iter()
            .map(|one| format!("{}: {} instead of {}", one.upstream, one.new, one.old))
            .collect();
        let title = format!("let nginx send to {} ({})", self.service(), servers.join(", "));
        let actions = vec![run(site.switch(&handover.servers))];
        self.step("switch.proxy", Phase::Switch, title, actions, by(site.back()), 90)
    }

    pub(super) fn proxy_container(&self) -> Option<&str> {
        self.env.proxy.as_ref()?.container.as_deref()
    }

    pub(super) fn retiring<'b>(&'b self, service: &'b str) -> Retiring<'b> {
        let container = self.proxy_container();
        Retiring { project: &self.place.project, service, drain: self.drain_seconds(), container }
    }

    /// Lets the old slot end what it has begun, and stops it; it is kept, stopped.
    pub fn drain(&self, live: &str) -> Step {
        let keep = format!("{}/drained", self.place.dir);
        let retiring = self.retiring(live);
        let seconds = self.drain_seconds();
        let title = format!("let {live} end its requests (at most {seconds} s), then stop it");
        let undo = by(retiring.start(&keep, self.health_timeout()));
        let limit = seconds.max(self.health_timeout()) + 90;
        self.step("drain", Phase::Drain, title, vec![run(retiring.stop(&keep))], undo, limit)
    }

    /// Looks at the new container itself, in order; where it stands beside the old one, that belongs to the
    /// switch: nobody is sent to it before.
    pub fn verify(&self, host: &str, phase: Phase) -> Vec<Step> {
        let (project, service, seconds) = (&self.place.project, self.service(), self.health_timeout());
        let healthy = Action::AwaitHealthy {
            project: project.clone(),
            service: service.clone(),
            wait: healthy::wait(project, &service, seconds),
        };
        let login = run(web::login(project, &service, host, seconds));
        let log = run(web::no_new_errors(project, &service, &self.errors()));
        let page = "the login page answers on the container's own port".to_owned();
        let steps = [
            self.look("verify.healthy", format!("{service} is healthy"), healthy, seconds + 30),
            self.look("verify.login", page, login, seconds + 30),
            self.look("verify.log", format!("no new error in the log of {service}"), log, 60),
        ];
        steps.into_iter().map(|step| Step { phase, ..step }).collect()
    }

    /// Looks at it as users do, where the inventory names a proxy.
    pub fn verify_proxy(&self, host: &str) -> Option<Step> {
        let proxy = self.env.proxy.as_ref()?;
        let nginx = proxy.container.as_deref();
        let through = run(web::login_through_proxy(&self.place.project, &self.service(), nginx, host, 20));
        let title = format!("the login page answers through nginx as {}", proxy.server_name);
        Some(self.look("verify.proxy", title, through, 60))
    }
}

fn also(missing: &[String]) -> String {
    match missing {
        [] => String::new(),
        names => format!("; start {}", names.join(", ")),
    }
}

/// What the plan says about a handover.
pub(super) fn announced(handover: &Handover, web: &str, drain: u64) -> (String, Vec<String>) {
    let (from, to) = (handover.from.service(web), handover.to.service(web));
    let title = format!("blue-green: {to} is started beside {from}; nobody is interrupted");
    let upstreams = count(handover.servers.len(), "server");
    let lines = vec![
        format!(
            "{upstreams} of nginx in {} will be switched, in place, and tested before the reload",
            handover.site
        ),
        format!(
            "{from} has {drain} s to end its requests; connections of the bus are cut last, and browsers connect again"
        ),
    ];
    (title, lines)
}
