//! How safe the droplets of an environment are: all at once, each asked once, and none hides another.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::health::unreached;
use crate::checks::Subject;
use crate::checks::hardening::{self, Audited, Report};
use crate::crew::Crew;
use crate::error::{Error, Result};
use crate::event::{Event, Listener};
use crate::exit::Exit;
use crate::facts::{self, Facts, Posture, Probe, ProbeFailure};
use crate::inventory::{Droplet, Environment, Profile, Role};
use crate::plan::HARDEN;
use crate::record::{ChangeRow, ChangeState};
use crate::text::printable;
use crate::tools::harden;
use crate::transport::{Call, ConnectOptions, Connector, TransportError};
use crate::world::World;

/// For the answer of one droplet. Each probe has less, so that only a droplet that hangs takes so long.
const ANSWER: Duration = Duration::from_secs(60);

/// What `ops harden` changed, the newest first, droplet by droplet.
///
/// # Errors
/// A droplet that cannot be asked, or whose answer is cut.
pub async fn changes(crew: &Crew<'_>, facts: &BTreeMap<String, Facts>) -> Result<Vec<ChangeRow>> {
    let mut rows = Vec::new();
    for droplet in &crew.env.droplets {
        let cmd = harden::changes(&super::dir(crew.env, facts, &droplet.name));
        let answer = crew.ask(droplet, &cmd, ANSWER).await?;
        let text = String::from_utf8_lossy(&answer.stdout);
        if !text.lines().any(|line| line == "all\tyes") {
            let error = Error::new(Exit::Unreachable, "what was changed cannot be read").on(&droplet.name);
            return Err(error.evidence("droplet", crate::text::tail(&answer.stderr, 5)));
        }
        rows.extend(text.lines().filter_map(|line| change(&droplet.name, line)));
    }
    Ok(rows)
}

/// `change TAB run TAB section TAB act TAB code TAB armed TAB until`
fn change(droplet: &str, line: &str) -> Option<ChangeRow> {
    let words: Vec<_> = line.split('\t').collect();
    let ["change", run, section, act, code, armed, until] = words.as_slice() else { return None };
    let state = match (*code, act.starts_with("undo")) {
        ("0", false) => ChangeState::Stays,
        ("0", true) | ("6", _) => ChangeState::PutBack,
        ("-", _) if *armed == "yes" => ChangeState::Pending,
        ("-", _) => ChangeState::Lost,
        ("7", _) | (_, true) => ChangeState::Stuck,
        // What nobody has a word for is not said to be well.
        _ => ChangeState::Lost,
    };
    let class = section.strip_prefix(HARDEN)?.split('.').next()?;
    let until = Some(printable(until)).filter(|text| !text.is_empty() && state == ChangeState::Pending);
    Some(ChangeRow {
        droplet: droplet.to_owned(),
        run: printable(run),
        class: printable(class),
        state,
        until,
    })
}

/// An audit, and what it was judged by.
#[derive(Debug)]
pub struct Seen {
    pub report: Report,
    pub postures: BTreeMap<String, Box<Posture>>,
}

/// # Errors
/// This machine has no randomness. A droplet that cannot be asked is a finding.
pub async fn posture(
    env: &Environment,
    profile: Profile,
    world: &World,
    options: ConnectOptions,
    listener: &dyn Listener,
) -> Result<Seen> {
    let connector = Connector::new(world, options);
    let nonce = crate::crew::nonce()?;
    let title = "auditing".to_owned();
    listener.on(&Event::Activity { title: title.clone(), droplet: None });
    let visits = env.droplets.iter().map(|droplet| async {
        let mut facts = visit(&connector, env, droplet, &nonce).await?;
        if let Some(posture) = &mut facts.posture {
            posture.outside = outside(&connector, droplet, posture).await;
            posture.pages = pages(&connector, env, droplet, posture).await;
        }
        Ok(facts)
    });
    let answers = join_all(visits).await;
    listener.on(&Event::ActivityEnded { title, droplet: None, ok: true });
    let now = world.now();
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut postures = BTreeMap::new();
    let audited = |(droplet, answer): (&Droplet, std::result::Result<Facts, TransportError>)| match answer {
        Ok(mut facts) => {
            let subject = Subject { env, droplet, facts: &facts, staged: None, allow_downgrade: false };
            let findings = hardening::judge(&subject, profile).into_iter();
            let findings = findings.map(|one| hardening::waived(one, &env.harden.waive, today)).collect();
            postures.extend(facts.posture.take().map(|posture| (droplet.name.clone(), posture)));
            Audited { droplet: droplet.name.clone(), reached: true, findings }
        }
        Err(error) => {
            let findings = vec![unreached(&env.name, &droplet.name, error)];
            Audited { droplet: droplet.name.clone(), reached: false, findings }
        }
    };
    let droplets = env.droplets.iter().zip(answers).map(audited).collect();
    let at = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let report = Report { env: env.name.clone(), at, profile, droplets, since: None };
    Ok(Seen { report, postures })
}

/// What nobody but the droplet's own programs has to reach, whether or not something seems to listen there.
const INNER: [u16; 6] = [2375, 2376, 5432, 6379, 8069, 8072];
/// What users have to reach, and nobody past what stands in front of the site.
const SITE: [u16; 2] = [80, 443];
const KNOCK: Duration = Duration::from_secs(3);

/// The ports that open to this laptop: Docker's way past a firewall shows only here.
async fn outside(connector: &Connector, droplet: &Droplet, posture: &Posture) -> Option<Probe<Vec<u16>>> {
    let mut ports = posture.listening();
    ports.extend(INNER.into_iter().chain(SITE));
    match connector.reached(droplet, ports, KNOCK).await {
        Ok(None) => None,
        Ok(Some(ports)) => Some(Ok(ports)),
        Err(error) => Some(Err(ProbeFailure::new(error.to_string()))),
    }
}

/// The site's pages that nobody outside has to have, by https where that port opens.
async fn pages(
    connector: &Connector,
    env: &Environment,
    droplet: &Droplet,
    posture: &Posture,
) -> Option<Probe<BTreeMap<String, u16>>> {
    let name = &env.proxy.as_ref().filter(|_| droplet.roles.contains(&Role::Web))?.server_name;
    let open = posture.outside.as_ref()?.as_ref().ok()?;
    // What opens and is not the droplet's own says nothing of the site.
    let own = posture.listening();
    let port = [443, 80].into_iter().find(|port| open.contains(port) && own.contains(port))?;
    match connector.pages(droplet, (name, port), &hardening::SHUT, KNOCK).await {
        Ok(None) => None,
        Ok(Some(found)) => Some(Ok(hardening::SHUT.map(str::to_owned).into_iter().zip(found).collect())),
        Err(why) => Some(Err(ProbeFailure::new(format!("port {port} of {name}, from here: {why}")))),
    }
}

/// One login, one exec.
async fn visit(
    connector: &Connector,
    env: &Environment,
    droplet: &Droplet,
    nonce: &str,
) -> std::result::Result<Facts, TransportError> {
    let link = connector.connect(droplet).await?;
    let cmd = facts::posture_script(env, droplet, nonce);
    let answer = link.run(Call::new(&cmd).timeout(ANSWER)).await;
    link.close().await;
    Ok(facts::parse(env, droplet, nonce, &answer?.stdout))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_a_change_is_told_by_its_last_act() {
        let state = |rest: &str| {
            change("erp-1", &format!("change\tprod-1\tharden.access.2\t{rest}"))
                .map(|row| (row.state, row.until))
        };
        let until = "2026-11-22 12:00:00 UTC";
        assert_eq!(state("1\t0\tno\t"), Some((ChangeState::Stays, None)));
        assert_eq!(
            state(&format!("1\t-\tyes\t{until}")),
            Some((ChangeState::Pending, Some(until.to_owned())))
        );
        assert_eq!(state(&format!("1\t6\tno\t{until}")), Some((ChangeState::PutBack, None)));
        assert_eq!(state("undo1\t0\tno\t"), Some((ChangeState::PutBack, None)));
        assert_eq!(state("1\t7\tno\t"), Some((ChangeState::Stuck, None)));
        assert_eq!(state("undo1\t1\tno\t"), Some((ChangeState::Stuck, None)));
        assert_eq!(state("1\t-\tno\t"), Some((ChangeState::Lost, None)));
        assert_eq!(state("1\t8\tno\t"), Some((ChangeState::Lost, None)));
        assert_eq!(state("undo1\t-\tno\t"), Some((ChangeState::Lost, None)));
        assert_eq!(state("1"), None);
        assert_eq!(change("erp-1", "change\tprod-1\tweb\t1\t0\tno\t"), None);
    }
}
