//! What a person should know of a rehearsal before saying yes.

use super::super::interruption::told;
use super::super::update::Change;
use super::super::work::Work;
use super::of_copy;
use crate::inventory::When;
use crate::plan::{Note, NoteKind};
use crate::text::printable;

impl Work<'_> {
    pub(super) fn rehearsal_notes(&self, change: &Change, copy: &str) -> Vec<Note> {
        let note = |title: String, lines| Note { kind: NoteKind::Info, title, lines };
        let env = self.inputs.env;
        let mut notes = Vec::new();
        if !change.is_empty() {
            let lines = told(&change.update.iter().collect::<Vec<_>>());
            notes.push(note("what a deploy of it would update".into(), lines));
        }
        notes.push(note(
            format!("{} serves all the time, and is not changed", env.name),
            vec![
                format!("{copy} is dumped and restored beside {}, and dropped at the end, whatever happens", env.stack.database),
                "Odoo on the copy reaches the database's server and nothing else: no mail, no webhook, no payment".into(),
                "its files are a directory of its own: attachments of production are read as empty".into(),
            ],
        ));
        let asked: Vec<_> = env.checks_of(self.droplet, When::Verify).map(|(_, check)| check).collect();
        let not: Vec<_> = asked.iter().filter(|one| !of_copy(one)).map(|one| printable(&one.name)).collect();
        if !not.is_empty() {
            notes.push(note(
                format!("not asked of the copy: {}", not.join(", ")),
                vec!["they ask something else".into()],
            ));
        }
        notes
    }
}
