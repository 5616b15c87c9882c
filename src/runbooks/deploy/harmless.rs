//! Another environment's data: made harmless before anybody starts on it, and what an operator should know of it.

use super::reading::odoo_options;
use super::steps::{Builder, run};
use super::work::Work;
use super::{Backup, Origin};
use crate::inventory::Mask;
use crate::plan::{Note, NoteKind, Step};
use crate::runbooks::backup::Ground;
use crate::text::{count, few, printable};
use crate::tools::odoo;
use crate::tools::series::NEUTRALIZE;

impl Work<'_> {
    /// Before anybody starts on it; where Odoo has a command for that, by that as well.
    pub(super) fn quiet(
        &self,
        ground: &Ground<'_>,
        backup: &Backup,
        origin: &Origin,
        name: &str,
    ) -> Vec<Step> {
        let env = self.inputs.env;
        let quiet =
            ground.from(backup, |tool| tool.quiet(&backup.snapshot, name, env.url.as_deref(), &env.mask));
        let masked = masked(&env.mask).map(|what| format!("; mask {what}")).unwrap_or_default();
        let title =
            format!("switch off mail, jobs and payments in it, give it an identity of its own{masked}");
        let mut steps = vec![self.beside("quiet", title, vec![run(quiet)])];
        let base = origin.modules.get("base");
        if NEUTRALIZE.holds(base.and_then(|version| version.as_deref())) {
            let mut copy = env.clone();
            copy.stack.database = name.to_owned();
            let builder = Builder { env: &copy, droplet: &self.droplet.name, place: &self.place };
            let options = odoo_options(self.model, &env.stack.web);
            let own = builder.odoo("restore.neutralize", String::new(), &options, odoo::neutralize);
            let undo = own.undo;
            steps.push(Step {
                undo,
                ..self.beside("neutralize", "odoo neutralize, in it".to_owned(), own.actions)
            });
        }
        steps
    }

    /// Modules of the data that the release which runs was not made for.
    fn of_other_code(&self, origin: &Origin) -> Vec<String> {
        let Some(release) = self.facts.current_release().filter(|release| !release.modules.is_empty()) else {
            return Vec::new();
        };
        let other = |(name, version): &(&String, &Option<String>)| {
            release.modules.get(*name) != Some(&(*version).clone().unwrap_or_default())
        };
        origin.modules.iter().filter(other).map(|(name, _)| name.clone()).collect()
    }

    /// What an operator should know of another environment's data that comes.
    pub(super) fn origin_note(&self) -> Option<Note> {
        let origin = self.origin()?;
        let masked = match masked(&self.inputs.env.mask) {
            Some(what) => format!("masked: {what}; what people wrote into texts stays as it is"),
            None => format!(
                "nothing is masked: {} shows the data of {} to whoever may log in",
                self.inputs.env.name, origin.env
            ),
        };
        let mut lines = vec![
            "mail servers, scheduled actions, payments and the like are switched off before anybody starts on it"
                .to_owned(),
            format!("logins and passwords are those of {}; whoever is logged in has to log in again", origin.env),
            masked,
        ];
        let other = self.of_other_code(origin);
        let kind = if other.is_empty() { NoteKind::Info } else { NoteKind::Warning };
        if !other.is_empty() {
            let names: Vec<_> = other.iter().map(|name| printable(name)).collect();
            lines.push(format!(
                "{} of other versions than the code of {}: {}; afterwards: ops install-modules {} --update ..",
                count(other.len(), "module"),
                self.inputs.env.name,
                few(&names),
                self.inputs.env.name
            ));
        }
        let title = format!("the data is that of {}, made harmless", origin.env);
        Some(Note { kind, title, lines })
    }
}

/// What is masked, in words.
fn masked(mask: &Mask) -> Option<String> {
    let words = [("e-mail addresses", mask.emails), ("phone numbers", mask.phones), ("names", mask.names)];
    let words = words.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word.to_owned());
    let own = Some(&mask.sql).filter(|sql| !sql.is_empty());
    let own = own.map(|sql| format!("whatever {} of yours changes", count(sql.len(), "statement")));
    let all: Vec<_> = words.chain(own).collect();
    (!all.is_empty()).then(|| all.join(", "))
}
