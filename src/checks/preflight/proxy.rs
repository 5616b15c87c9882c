//! nginx runs and takes its own configuration.

use crate::checks::{Check, Subject, Verdict, known};
use crate::cmd::quote;
use crate::inventory::{Proxy, Severity};

pub(in crate::checks) const CHECK: Check =
    Check { id: "proxy.config", title: "proxy", severity: Severity::High, judge };

fn judge(subject: &Subject<'_>) -> Verdict {
    let state = match known(&subject.facts.proxy) {
        Ok(state) => state,
        Err(verdict) => return verdict,
    };
    let (Some(state), Some(proxy)) = (state, &subject.env.proxy) else {
        return Verdict::skip("no proxy here: a deploy recreates the container");
    };
    match (&proxy.container, state.present) {
        (Some(_), false) if subject.is_first() => {
            return Verdict::skip("its container comes with the first deploy");
        }
        (Some(service), false) => {
            return Verdict::fail(format!("no container of the service {service}"), up(subject, service));
        }
        (None, false) => {
            return Verdict::fail("nginx is not installed", "on the droplet: sudo apt-get install -y nginx");
        }
        _ => {}
    }
    if let Some(fault) = &state.config_fault {
        return Verdict::fail(fault, format!("{} must say yes before a deploy reloads it", test(proxy)));
    }
    if !state.running {
        let fix = match &proxy.container {
            Some(service) => up(subject, service),
            None => "on the droplet: sudo systemctl start nginx".to_owned(),
        };
        return Verdict::fail("nginx does not run", fix);
    }
    if !state.config_tested {
        return Verdict::warn(
            "nginx runs; its configuration was not tested: only root may",
            "write `become: sudo` for this droplet",
        );
    }
    let site = if state.site_exists { "is there" } else { "does not exist yet" };
    Verdict::pass(format!("nginx runs and its configuration is valid; {} {site}", proxy.site))
}

fn test(proxy: &Proxy) -> String {
    match &proxy.container {
        Some(service) => format!("docker compose exec {} nginx -t", quote(service)),
        None => "on the droplet: sudo nginx -t".to_owned(),
    }
}

fn up(subject: &Subject<'_>, service: &str) -> String {
    let project =
        subject.facts.project().map(|project| format!("-p {} ", quote(project))).unwrap_or_default();
    format!("on the droplet: docker compose {project}start {}", quote(service))
}
