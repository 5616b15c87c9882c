//! `ops harden ENV`: an audit, what would mend it, and the audit again.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::args::{BareEnvArg, EnvArg};
use super::carry::carry;
use super::consent::RunArgs;
use super::kept::Place;
use super::session::Session;
use crate::checks::Verdict;
use crate::checks::hardening::{self, Audited, Last, Report};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::Order;
use crate::inventory::{Address, Environment, Profile, Severity};
use crate::queries;
use crate::queries::Seen;
use crate::record::Proposal;
use crate::runbooks::harden;
use crate::runbooks::harden::proposal::proposals;
use crate::text::{nearest, printable};
use crate::ui::{Answer, Format, lists};

/// Audit how safe each droplet is, and mend what can be mended
///
/// All droplets at once, each by one command that only reads: sshd, firewall, Docker, the stack's containers, PostgreSQL,
/// Odoo, the site, secrets, updates, accounts. A grade for each droplet; a critical rule that fails is an F. Then the plan of
/// what can be mended, with every file's difference. What might lock somebody out comes last, and goes back by itself
/// unless we can log in anew. Ends with exit code 9 where something is still wrong, with 4 where no droplet could be reached.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  ops harden prod --audit\n  ops harden prod --only system,ssh.attempts\n  ops harden prod --only ssh,firewall.open -v\n  \
    ops harden prod --profile strict --fail-on high --output sarif > audit.sarif"
)]
pub struct Harden {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    bare: BareEnvArg,

    #[command(flatten)]
    run: RunArgs,

    /// Change nothing; so it is with `--output json`, `sarif` and `markdown` as well
    #[arg(long)]
    audit: bool,

    /// Only these rules, by id or group
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,

    /// All but these rules, by id or group
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    except: Vec<String>,

    /// How far it goes; else as the inventory says
    #[arg(long, value_name = "PROFILE", value_enum)]
    profile: Option<Profile>,

    /// From which severity on it ends with exit code 9
    #[arg(long, value_name = "SEVERITY", value_enum, default_value = "low")]
    fail_on: Severity,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// What was changed, what went back, and what waits for a new login; exit code 9 where a person is needed
    Status(Status),
}

#[derive(Debug, Args)]
struct Status {
    #[command(flatten)]
    env: EnvArg,
}

impl Status {
    async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let crew = session.crew(&env, &self.env).await?;
        let found = match crew.facts(None).await {
            Ok(facts) => queries::changes(&crew, &facts).await,
            Err(error) => Err(error),
        };
        crew.close().await;
        let rows = found?;
        session.ui.list(&lists::changes(&env.name, &rows));
        Ok(if rows.iter().any(|row| row.state.is_bad()) { Exit::Checks } else { Exit::Done })
    }
}

impl Harden {
    pub async fn run(mut self, session: &Session) -> Result<Exit> {
        if let Some(Verb::Status(status)) = self.verb.take() {
            return status.run(session).await;
        }
        let target = self.bare.clone().target("harden")?;
        if self.run.consent.yes && session.ui.options().format != Format::Human {
            return Err(Error::usage(
                "with --output nothing is mended, so that there is nothing to say --yes to",
            )
            .next(format!("ops harden {} --yes", target.env)));
        }
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &target)?;
        let (only, except) = (ids(&target.env, &self.only)?, ids(&target.env, &self.except)?);
        for waiver in hardening::strangers(&env.harden.waive) {
            session.ui.warn(&format!("harden.waive names {}, which is no rule", printable(&waiver.id)));
        }
        let kept = |id: &str| (only.is_empty() || only.contains(&id)) && !except.contains(&id);
        let place = Place::new(&session.world, "harden", &inventory, &env);
        let seen = self.look(session, &target, &env, &place, &kept).await?;
        let all = self.wish(&env, &seen, &|_| true);
        if self.audit || session.ui.options().format != Format::Human || all.is_empty() {
            return Ok(self.ended(&seen.report));
        }
        let chosen = self.chosen(session, &target.env, &all)?;
        let wish = self.wish(&env, &seen, &|id| chosen.contains(&id));
        match carry(session, &target, &self.run, Order::Harden(wish)).await? {
            Exit::Done if !self.run.dry_run => {
                Ok(self.ended(&self.look(session, &target, &env, &place, &kept).await?.report))
            }
            Exit::Done => Ok(self.ended(&seen.report)),
            exit => Ok(exit),
        }
    }

    /// The audit, compared with the one before, and shown.
    async fn look(
        &self,
        session: &Session,
        target: &EnvArg,
        env: &Environment,
        place: &Place,
        kept: &dyn Fn(&str) -> bool,
    ) -> Result<Seen> {
        let profile = self.profile.unwrap_or(env.harden.profile);
        let options = session.connect(target, true)?;
        let mut seen = queries::posture(env, profile, &session.world, options, &session.ui).await?;
        seen.report.keep(kept);
        let last = place.load::<Last>();
        seen.report.since = last.as_ref().map(|last| last.compared(&seen.report));
        if let Err(error) = place.save(&last.unwrap_or_default().with(&seen.report)) {
            session.ui.warn(&format!("what this audit found is not kept for the next one: {error}"));
        }
        session.ui.hardening(&seen.report, &self.proposals(session, env, &seen));
        Ok(seen)
    }

    /// What to write into files that are the user's own. Who only looks is shown it with -v.
    fn proposals(&self, session: &Session, env: &Environment, seen: &Seen) -> Vec<(String, Proposal)> {
        let options = session.ui.options();
        if self.audit && options.format == Format::Human && options.data.verbose == 0 {
            return Vec::new();
        }
        let of = |one: &Audited| {
            let posture = seen.postures.get(&one.droplet)?;
            let all = proposals(posture, &failed(one), &env.stack.database);
            Some(all.into_iter().map(|proposal| (one.droplet.clone(), proposal)).collect::<Vec<_>>())
        };
        seen.report.droplets.iter().filter_map(of).flatten().collect()
    }

    /// The rules that are to be mended: all that can be, unless a person says which.
    ///
    /// # Errors
    /// Exit 2: no such rule. Exit 3: none is wanted. 130 on Ctrl-C.
    fn chosen(&self, session: &Session, env: &str, all: &harden::Wish) -> Result<Vec<&'static str>> {
        let rules: BTreeSet<_> =
            all.droplets.values().flatten().flat_map(|fix| fix.rules.iter().copied()).collect();
        let named = !self.only.is_empty() || !self.except.is_empty();
        if named || !session.ui.asks() || self.run.consent.yes || self.run.dry_run {
            return Ok(rules.into_iter().collect());
        }
        let listed = rules.iter().copied().collect::<Vec<_>>().join(", ");
        let question = format!("Mend which of them? Ids or groups; Enter: {listed}; n: none: ");
        match tokio::task::block_in_place(|| session.ui.ask(&question, &session.stop.soft)) {
            Answer::Line(line) if line.is_empty() => Ok(rules.into_iter().collect()),
            Answer::Line(line) if !matches!(line.as_str(), "n" | "no" | "none") => {
                let words = line.split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned);
                let mut typed = ids(env, &words.collect::<Vec<_>>())?;
                typed.retain(|id| rules.contains(id));
                match typed.is_empty() {
                    true => Err(Error::usage("nothing of that can be mended by ops")
                        .because(format!("it can: {listed}"))),
                    false => Ok(typed),
                }
            }
            Answer::Interrupted => Err(Error::new(Exit::Interrupted, "interrupted before anything changed")),
            Answer::Line(_) | Answer::End => {
                Err(Error::new(Exit::NotApproved, "nothing was chosen; nothing was changed"))
            }
        }
    }

    /// What can be done about what is wrong.
    fn wish(&self, env: &Environment, seen: &Seen, wanted: &dyn Fn(&str) -> bool) -> harden::Wish {
        let logged_in = |name: &str| {
            env.droplets.iter().any(|one| one.name == name && matches!(one.address, Address::Ssh(_)))
        };
        let mut wish = harden::Wish { reason: self.run.reason.clone(), ..harden::Wish::default() };
        for audited in &seen.report.droplets {
            let failed: Vec<_> = failed(audited).into_iter().filter(|id| wanted(id)).collect();
            let fixes = seen.postures.get(&audited.droplet).map(|posture| {
                let mut fixes = harden::fixes(posture, &failed);
                // Nobody logs in here, so that nobody could prove that it still works.
                fixes.retain(|fix| logged_in(&audited.droplet) || fix.class != harden::Class::Access);
                fixes
            });
            wish.droplets
                .extend(fixes.filter(|all| !all.is_empty()).map(|all| (audited.droplet.clone(), all)));
        }
        wish
    }

    fn ended(&self, report: &Report) -> Exit {
        match report {
            report if report.blind() => Exit::Unreachable,
            report if report.fails(self.fail_on) => Exit::Checks,
            _ => Exit::Done,
        }
    }
}

fn failed(one: &Audited) -> Vec<&str> {
    let failed = one.findings.iter().filter(|one| matches!(one.verdict, Verdict::Fail { .. }));
    failed.map(|one| one.id.as_str()).collect()
}

/// A group stands for all of its own.
fn ids(env: &str, asked: &[String]) -> Result<Vec<&'static str>> {
    let mut ids = Vec::new();
    for asked in asked {
        let before = ids.len();
        ids.extend(hardening::ids().filter(|id| id == asked || hardening::group(id) == asked));
        if ids.len() == before {
            let error = Error::usage(format!("no rule is called {}", printable(asked)));
            return Err(match nearest(asked, hardening::ids()) {
                Some(near) => error.next(format!("ops harden {env} --only {near}")),
                None => {
                    error.because(format!("there are: {}", hardening::ids().collect::<Vec<_>>().join(", ")))
                }
            });
        }
    }
    Ok(ids)
}
