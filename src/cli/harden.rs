//! `ops harden ENV`: an audit, what would mend it, and the audit again.

use clap::Args;

use super::args::EnvArg;
use super::carry::carry;
use super::consent::RunArgs;
use super::kept::Place;
use super::session::Session;
use crate::checks::Verdict;
use crate::checks::hardening::{self, Last, Report};
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::flow::Order;
use crate::inventory::{Address, Environment, Profile, Severity};
use crate::queries;
use crate::queries::Seen;
use crate::runbooks::harden;
use crate::text::{nearest, printable};
use crate::ui::Format;

/// Audit how safe each droplet is, and mend what can be mended
///
/// All droplets at once, each by one command that only reads: sshd, firewall, Docker, the stack's containers, PostgreSQL,
/// Odoo, the site, secrets, updates, accounts. A grade for each droplet; a critical rule that fails is an F. Then the plan of
/// what can be mended, with every file's difference. What might lock somebody out comes last, and goes back by itself
/// unless we can log in anew. Ends with exit code 9 where something is still wrong, with 4 where no droplet could be reached.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  ops harden prod --audit\n  ops harden prod --only system,ssh.attempts\n  ops harden prod --only ssh,firewall.open -v\n  \
    ops harden prod --profile strict --fail-on high --output sarif > audit.sarif"
)]
pub struct Harden {
    #[command(flatten)]
    env: EnvArg,

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

impl Harden {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let (only, except) = (ids(&self.only)?, ids(&self.except)?);
        for waiver in hardening::strangers(&env.harden.waive) {
            session.ui.warn(&format!("harden.waive names {}, which is no rule", printable(&waiver.id)));
        }
        let kept = |id: &str| (only.is_empty() || only.contains(&id)) && !except.contains(&id);
        let place = Place::new(&session.world, "harden", &inventory, &env);
        let seen = self.look(session, &env, &place, &kept).await?;
        let wish = self.wish(&env, &seen);
        if self.audit || session.ui.options().format != Format::Human || wish.is_empty() {
            return Ok(self.ended(&seen.report));
        }
        match carry(session, &self.env, &self.run, Order::Harden(wish)).await? {
            Exit::Done if !self.run.dry_run => {
                Ok(self.ended(&self.look(session, &env, &place, &kept).await?.report))
            }
            Exit::Done => Ok(self.ended(&seen.report)),
            exit => Ok(exit),
        }
    }

    /// The audit, compared with the one before, and shown.
    async fn look(
        &self,
        session: &Session,
        env: &Environment,
        place: &Place,
        kept: &dyn Fn(&str) -> bool,
    ) -> Result<Seen> {
        let profile = self.profile.unwrap_or(env.harden.profile);
        let options = session.connect(&self.env, true)?;
        let mut seen = queries::posture(env, profile, &session.world, options, &session.ui).await?;
        seen.report.keep(kept);
        let last = place.load::<Last>();
        seen.report.since = last.as_ref().map(|last| last.compared(&seen.report));
        if let Err(error) = place.save(&last.unwrap_or_default().with(&seen.report)) {
            session.ui.warn(&format!("what this audit found is not kept for the next one: {error}"));
        }
        session.ui.hardening(&seen.report);
        Ok(seen)
    }

    /// What can be done about what is wrong.
    fn wish(&self, env: &Environment, seen: &Seen) -> harden::Wish {
        let logged_in = |name: &str| {
            env.droplets.iter().any(|one| one.name == name && matches!(one.address, Address::Ssh(_)))
        };
        let mut wish = harden::Wish { reason: self.run.reason.clone(), ..harden::Wish::default() };
        for audited in &seen.report.droplets {
            let failed = audited.findings.iter().filter(|one| matches!(one.verdict, Verdict::Fail { .. }));
            let failed: Vec<_> = failed.map(|one| one.id.as_str()).collect();
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

/// A group stands for all of its own.
fn ids(asked: &[String]) -> Result<Vec<&'static str>> {
    let mut ids = Vec::new();
    for asked in asked {
        let before = ids.len();
        ids.extend(hardening::ids().filter(|id| id == asked || hardening::group(id) == asked));
        if ids.len() == before {
            let error = Error::usage(format!("no rule is called {}", printable(asked)));
            return Err(match nearest(asked, hardening::ids()) {
                Some(near) => error.next(format!("ops harden --only {near}")),
                None => {
                    error.because(format!("there are: {}", hardening::ids().collect::<Vec<_>>().join(", ")))
                }
            });
        }
    }
    Ok(ids)
}
