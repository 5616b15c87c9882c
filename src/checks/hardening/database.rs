//! PostgreSQL: how much Odoo may do there, and who else comes in.

use super::{Rule, base, none, posture};
use crate::checks::{Subject, Verdict, known};
use crate::facts::Server;
use crate::inventory::Role;
use crate::inventory::Severity::{High, Low, Medium};

pub(super) const ALL: &[Rule] = &[
    base("postgres.role", "Odoo's role", High, |s| judged(s, role)),
    base("postgres.hba", "who is let in", High, |s| judged(s, hba)),
    base("postgres.passwords", "stored passwords", Medium, |s| judged(s, passwords)),
    base("postgres.checksums", "checksums of pages", Low, |s| judged(s, checksums)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Server) -> Verdict) -> Verdict {
    if !subject.has(Role::Db) {
        return Verdict::skip("this droplet has no database");
    }
    match posture(subject).and_then(|posture| known(&posture.server)) {
        Ok(Some(server)) => judge(server),
        Ok(None) => Verdict::unknown("no database container of the stack runs"),
        Err(verdict) => verdict,
    }
}

fn role(server: &Server) -> Verdict {
    match (&server.owner, server.superuser) {
        (None, _) => Verdict::skip("there is no database of Odoo's yet"),
        (Some(owner), false) => Verdict::pass(format!("{owner} is no superuser")),
        (Some(owner), true) => Verdict::fail(
            format!("{owner}, who owns Odoo's database, is a superuser"),
            "a role of Odoo's own, at the next restore: create role odoo_app login nosuperuser createdb; pg_restore --no-owner --role=odoo_app; db_user in odoo.conf",
        ),
    }
}

fn hba(server: &Server) -> Verdict {
    none(
        server.open.clone(),
        "only with a password that nobody can read on the way",
        "lines of pg_hba.conf",
        "scram-sha-256 in their place, then select pg_reload_conf()",
    )
}

fn passwords(server: &Server) -> Verdict {
    let mut wrong: Vec<String> = server.md5.iter().map(|role| format!("MD5 of {role}")).collect();
    if server.encryption != "scram-sha-256" {
        wrong.push(format!("password_encryption {}", server.encryption));
    }
    none(wrong, "SCRAM", "old", "password_encryption = scram-sha-256, then set the passwords anew")
}

fn checksums(server: &Server) -> Verdict {
    match server.checksums {
        true => Verdict::pass("on"),
        false => Verdict::fail(
            "a page that the disk changed is read as it is",
            "initdb -k at the next restore, or pg_checksums --enable while the server is down",
        ),
    }
}
