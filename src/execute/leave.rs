//! Where a person ends a run early: what is left, and what is said of it.

use std::ops::Range;

use super::{Interrupted, Report, Walk};
use crate::error::Error;
use crate::event::{Event, Outcome};
use crate::exit::Exit;
use crate::plan::{BACKUP, HARDEN, RECOVERY, REHEARSAL, VERIFY};

const GOES_ON: &str = "detached: the droplet goes on without this laptop";

impl Walk<'_> {
    pub(super) fn interrupted(&self) -> Interrupted {
        match self.begun() {
            false => Interrupted::Leave,
            true => (self.cx.ask)(),
        }
    }

    pub(super) fn leave(self) -> Report {
        let rest = self.reached..self.places.len();
        if self.begun() && self.housekeeping(rest.clone()) {
            return self.leave_out(rest);
        }
        let switched = self.switched();
        let (exit, what) = match (self.begun(), switched) {
            (false, _) => (Exit::Interrupted, "interrupted before anything changed"),
            (true, false) => {
                (Exit::Interrupted, "interrupted and left as it is; nothing that runs was changed")
            }
            (true, true) => (Exit::Mixed, "interrupted and left as it is, half-way"),
        };
        let mut error = Error::new(exit, what);
        if switched {
            error = error.next(match self.plan.sections.iter().any(|one| one.id.starts_with(HARDEN)) {
                true => format!("ops runs undo {}", self.cx.run),
                false => format!("ops deploy {}   # begins with what runs now", self.plan.env),
            });
        }
        self.report(exit, Some(error), false)
    }

    /// The run is done, without what nothing depends on.
    fn leave_out(self, rest: Range<usize>) -> Report {
        let rows = self.places[rest].iter().flat_map(|place| &place.rows);
        let out: Vec<_> =
            rows.filter(|row| row.outcome == Outcome::NotReached).map(|row| row.step.as_str()).collect();
        if !out.is_empty() {
            let text = format!("left out: {}; what was deployed serves and is on record", out.join(", "));
            self.cx.listener.on(&Event::Warning { text });
        }
        self.report(Exit::Done, None, false)
    }

    pub(super) fn detach(mut self, wave: Range<usize>) -> Report {
        let at_work = &self.places[wave.clone()];
        let critical = at_work.iter().any(|place| place.section.critical);
        let hook = at_work.iter().any(|place| place.section.laptop_hook().is_some());
        let is = |id: &str| at_work.iter().any(|place| place.section.id == id);
        let (rehearsal, backup, verify, recovery) = (is(REHEARSAL), is(BACKUP), is(VERIFY), is(RECOVERY));
        for row in self.places[wave].iter_mut().flat_map(|place| &mut place.rows) {
            if row.outcome == Outcome::NotReached {
                row.outcome = Outcome::Unknown;
            }
        }
        let (run, env) = (self.cx.run, &self.plan.env);
        let (what, why) = match (hook, critical) {
            _ if rehearsal => {
                (GOES_ON, "the droplet ends the rehearsal, and drops its copy whatever it finds")
            }
            _ if backup => (GOES_ON, "the droplet ends the backup, and verifies it before it counts"),
            _ if recovery => (GOES_ON, "the droplet ends the recovery, or removes what it made"),
            _ if verify => (GOES_ON, "the droplet ends the verification, and writes down what it finds"),
            (true, _) => {
                ("detached", "the hook was ended with all that it had started; nothing else is at work")
            }
            (_, true) => (GOES_ON, "the droplet ends the switch, or goes back by itself"),
            (_, false) => (GOES_ON, "the droplet ends this section; those after it were not begun"),
        };
        let error = Error::new(Exit::Unknown, what)
            .because(why)
            .because("the lock goes stale two minutes after the droplet's work ended")
            .next(match hook {
                true => format!("ops runs resume {run}   # begins with the hook"),
                false => format!("ops runs attach {run}"),
            })
            .next(format!("ops lock status {env}"))
            .next(format!("ops deploy {env}   # when it ended: begins with what runs then"));
        self.report(Exit::Unknown, Some(error), true)
    }
}
