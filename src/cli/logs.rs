//! `ops logs ENV [SERVICE..]`.

use std::time::Duration;

use clap::Args;
use regex::Regex;

use super::args::EnvArg;
use super::{names, session::Session};
use crate::error::Result;
use crate::event::LogLine;
use crate::exit::Exit;
use crate::queries::{Listening, Wish};

/// What the stack's containers log, on all droplets, in one order
///
/// Each line with its droplet, where there are several, and its service. A droplet that cannot be reached is named, and
/// hides no other. With -f it goes on, with containers that come as well, until Ctrl-C. What containers said that are gone
/// is gone with them; what a run printed: ops runs logs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  ops logs prod\n  ops logs prod odoo -f --since 10m\n  \
    ops logs prod --since 1h --grep 'ERROR|CRITICAL'")]
pub struct Logs {
    #[command(flatten)]
    env: EnvArg,

    /// Of these services of the stack; else of all
    #[arg(value_name = "SERVICE", value_parser = names::name)]
    services: Vec<String>,

    /// Go on with what is said from now on
    #[arg(short, long)]
    follow: bool,

    /// Not older than this: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = names::duration)]
    since: Option<Duration>,

    /// So many lines of each container; default: 100, or all that --since leaves
    #[arg(long, value_name = "NUMBER")]
    tail: Option<u32>,

    /// Only lines in which this regular expression is found
    #[arg(long, value_name = "REGEX", value_parser = expression)]
    grep: Option<Regex>,
}

/// Of each container, where nobody says how many.
const TAIL: u32 = 100;

fn expression(text: &str) -> std::result::Result<Regex, String> {
    regex::RegexBuilder::new(text).size_limit(1 << 20).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // Its last line says what is wrong; the others draw it.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    })
}

impl Logs {
    pub async fn run(self, session: &Session) -> Result<Exit> {
        let inventory = session.inventory()?;
        let env = session.environment(&inventory, &self.env)?;
        let begun = session.world.now().as_second();
        let since = self.since.map(|since| begun - i64::try_from(since.as_secs()).unwrap_or(begun));
        let tail = self.tail.or_else(|| self.since.is_none().then_some(TAIL));
        let wish = Wish { since, tail };
        let connect = session.connect(&self.env, false)?;
        let (mut listening, silent) =
            Listening::begin(&env, &session.world, connect, self.services.clone()).await?;
        for error in silent {
            session.ui.warn(&error.to_string());
        }
        // A Ctrl-C is how following ends.
        if self.follow {
            session.answer_interrupts();
        }
        let heard = tokio::select! {
            heard = self.listen(session, &mut listening, &wish, begun) => heard,
            () = session.stop.soft.cancelled() => Ok(Exit::Done),
        };
        listening.end().await;
        heard
    }

    async fn listen(
        &self,
        session: &Session,
        listening: &mut Listening,
        wish: &Wish,
        begun: i64,
    ) -> Result<Exit> {
        let (several, width) = (listening.several(), listening.widest());
        // Who reads us may have enough before we are at the end.
        let mut tell = |line: &LogLine| {
            if self.grep.as_ref().is_none_or(|grep| grep.is_match(&line.text)) {
                session.ui.logged(line, several, width);
            }
            !session.ui.is_left()
        };
        let (last, faults) = listening.past(wish, &mut tell).await;
        for fault in &faults {
            session.ui.warn(fault);
        }
        if self.follow && !session.ui.is_left() {
            listening.future(begun, last, &mut tell).await?;
        }
        Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed })
    }
}
