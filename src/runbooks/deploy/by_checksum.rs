//! What the checksums of modules say in a plan (`deploy.update: hash`): which modules are updated, and what a person
//! has to know of the others.

use super::Data;
use super::checksums::{Checksums, Stored};
use super::update::Needed;
use super::work::Work;
use crate::error::{Error, Result};
use crate::exit::Exit;
use crate::inventory::Update;
use crate::plan::{Note, NoteKind};
use crate::text::{count, few, printable};

impl Work<'_> {
    /// What the checksums want updated.
    ///
    /// # Errors
    /// Exit 2: this stack is one where they cannot be told. Exit 9: they could not be.
    pub(super) fn by_checksum(&self) -> Result<Vec<Needed>> {
        if self.is_current() || !self.has_odoo() {
            return Ok(Vec::new());
        }
        let cannot = |exit: Exit, why: String| {
            Err(Error::new(exit, "cannot tell by checksums which modules need an update")
                .on(&self.droplet.name)
                .because(why)
                .next(self.without_update("only if you know that no module needs an update")))
        };
        let other = |why: &str| {
            let why = format!("{why}; write deploy.update: auto, or declared, in the inventory");
            cannot(Exit::Usage, why)
        };
        if self.inputs.env.droplets.len() > 1 {
            return other("deploy.update: hash is for a web service and a database on one droplet");
        }
        if self.builds() {
            return other("the image is built from the checkout, so its files are not there before the plan");
        }
        match &self.staged.checksums {
            Some(Ok(all)) => Ok(all.needed()),
            Some(Err(failure)) => cannot(Exit::Checks, failure.why.clone()),
            None => cannot(Exit::Checks, "the droplet was not asked for them".into()),
        }
    }

    pub(super) fn has_odoo(&self) -> bool {
        let database = self.facts.database.as_ref().ok().and_then(Option::as_ref);
        database.is_some_and(|database| database.odoo)
    }

    /// They are judged in this deploy.
    fn checksums(&self) -> Option<&Checksums> {
        let asked = self.inputs.request.data == Data::Needed && self.rule() == Update::Hash;
        self.staged.checksums.as_ref().filter(|_| asked)?.as_ref().ok()
    }

    pub(super) fn rule(&self) -> Update {
        self.inputs.env.deploy.update
    }

    /// Modules whose update was left out by an earlier deploy of what runs.
    pub(super) fn behind(&self) -> Option<String> {
        let all = self.checksums().filter(|all| self.is_current() && !all.blank())?;
        let names: Vec<_> = all.needed().into_iter().map(|one| one.module).collect();
        let env = &self.inputs.env.name;
        (!names.is_empty()).then(|| {
            let update = format!("ops install-modules {env} --update {}", names.join(","));
            format!("not updated since their files changed: {}; {update}", few(&names))
        })
    }

    /// What the checksums say beside the modules that are updated.
    pub(super) fn checksum_notes(&self) -> Vec<Note> {
        if self.stored_by_word() {
            let title = "checksums are stored of the modules that have none";
            let later = "a module whose files changed since its last update keeps the old one: the next deploy updates it";
            return vec![Note { kind: NoteKind::Info, title: title.into(), lines: vec![later.into()] }];
        }
        let Some(all) = self.checksums() else { return Vec::new() };
        let note = |kind, title: String, lines: Vec<String>| Note { kind, title, lines };
        let mut notes = Vec::new();
        let every = "every installed module is updated once";
        let known = "if you know that they are up to date; stores their checksums instead";
        let (needed, unknown) = (all.needed(), all.unknown());
        match &all.stored {
            _ if needed.is_empty() => {
                let title = format!("no file of {} changed since the last update", installed(all));
                notes.push(note(NoteKind::Info, title, Vec::new()));
            }
            stored if all.blank() => {
                let title = match stored {
                    Stored::Unreadable(why) => {
                        format!("the stored checksums cannot be read ({}): {every}", printable(why))
                    }
                    _ => format!("no checksums are stored: {every}"),
                };
                let then = "they are stored then, and the next deploys update what has changed since";
                let lines = vec![then.to_owned(), self.without_update(known)];
                notes.push(note(NoteKind::Warning, title, lines));
            }
            _ if !unknown.is_empty() => {
                let title = format!("updated because no checksum of them is stored: {}", few(&unknown));
                notes.push(note(NoteKind::Warning, title, vec![self.without_update(known)]));
            }
            _ => {}
        }
        let missing = all.missing();
        if !missing.is_empty() {
            let title =
                format!("installed, and not on the addons paths of the new release: {}", few(&missing));
            let line = "nothing can be said of their files, and they are not updated".to_owned();
            notes.push(note(NoteKind::Warning, title, vec![line]));
        }
        notes
    }
}

fn installed(all: &Checksums) -> String {
    count(all.modules.len(), "installed module")
}
