//! People in Odoo's database: who everybody could be, and what stands between a stolen password and all data. Reported alone:
//! accounts are a person's affair.

use super::{Rule, base, none, posture};
use crate::checks::{Subject, Verdict, known};
use crate::facts::People;
use crate::inventory::Role;
use crate::inventory::Severity::{Critical, High, Low, Medium};
use crate::text::count;

pub(super) const ALL: &[Rule] = &[
    base("people.known", "passwords that everybody knows", Critical, |s| judged(s, well_known)),
    base("people.demo", "demo data", High, |s| judged(s, demo)),
    base("people.factors", "second factor of administrators", Medium, |s| judged(s, factors)),
    base("people.rules", "models without access rules", Low, |s| judged(s, rules)),
];

fn judged(subject: &Subject<'_>, judge: fn(&People) -> Verdict) -> Verdict {
    if !subject.has(Role::Db) {
        return Verdict::skip("this droplet has no database");
    }
    match posture(subject).and_then(|posture| known(&posture.people)) {
        Ok(Some(people)) => judge(people),
        Ok(None) => Verdict::skip("there is no database of Odoo's here"),
        Err(verdict) => verdict,
    }
}

fn well_known(people: &People) -> Verdict {
    match &people.known {
        None => Verdict::skip("it is tried in a web container, and none runs beside the database"),
        Some(logins) => none(
            logins.clone(),
            "none of admin, demo and portal",
            "the password is the login",
            "set another in Odoo (Settings, Users), or archive the user",
        ),
    }
}

fn demo(people: &People) -> Verdict {
    match people.demo {
        0 => Verdict::pass("none"),
        some => Verdict::fail(
            format!(
                "that of {}, with its users",
                count(usize::try_from(some).unwrap_or(usize::MAX), "module")
            ),
            "a new database without demo data (--without-demo=all): it cannot be taken out of one",
        ),
    }
}

fn factors(people: &People) -> Verdict {
    none(
        people.single.clone(),
        "all have one",
        "a password alone",
        "the module auth_totp (from Odoo 14 on): each sets it up in their own preferences; it can be enforced (auth_totp_mail_enforce)",
    )
}

/// Nobody but the superuser reaches them, until somebody grants it in a hurry.
fn rules(people: &People) -> Verdict {
    none(
        people.bare.clone(),
        "none",
        "no rule speaks of",
        "security/ir.model.access.csv in the module of each",
    )
}
