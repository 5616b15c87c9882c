//! The user's own checks, asked and judged on the droplet: before a site is opened to its users nobody may be
//! there to judge from a laptop. `checks/own.rs` has the same rules for everything else.

use crate::cmd::Cmd;
use crate::inventory::{Severity, UserCheck, UserProbe};
use crate::program::Program;

pub(super) const OWN: Program = Program::shell("own", &[include_str!("own.sh")]);

/// Fails where a check of weight does not hold; a lighter one is only said. `probe` asks, see `facts`.
pub fn ask(project: &str, web: &str, db: &str, check: &UserCheck, probe: &Cmd) -> Cmd {
    let weight = if check.severity >= Severity::High { "takes-back" } else { "warns" };
    let name = crate::text::printable(&check.name);
    let probe_text = probe.to_shell();
    let cmd = Cmd::script(OWN, [project, web, db, &name, weight, &probe_text]);
    match &check.probe {
        UserProbe::Http { status, contains, max_time, .. } => {
            let millis = max_time.map(|time| time.as_millis().to_string()).unwrap_or_default();
            let contains = contains.as_deref().unwrap_or_default();
            cmd.args(["http", &status.to_string(), contains, &millis])
        }
        UserProbe::Sql { expect, .. } => cmd.args(["sql", expect.op.sign(), &expect.value]),
        UserProbe::Tcp { .. } => cmd.arg("tcp"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Expect, Op, When};

    /// How it ends where the probe says this.
    fn ends(probe: UserProbe, severity: Severity, said: &str) -> (Option<i32>, String) {
        let check = UserCheck { name: "c".into(), probe, severity, when: vec![When::Verify] };
        // Without Docker and without waiting between two tries.
        let shell =
            ask("p", "w", "d", &check, &Cmd::script(Program::shell("test", &["printf %s \"$1\""]), [said]))
                .to_shell();
        let shell = format!("PATH=$1:$PATH; {shell}");
        let dir = tempfile::tempdir().unwrap();
        for name in ["docker", "sleep"] {
            std::os::unix::fs::symlink("/bin/true", dir.path().join(name)).unwrap();
        }
        #[expect(clippy::disallowed_methods, reason = "the test's own shell")]
        let out =
            std::process::Command::new("sh").args(["-c", &shell, "sh"]).arg(dir.path()).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    }

    #[test]
    fn a_query_is_judged_as_on_the_laptop() {
        let sql = |op, value: &str| UserProbe::Sql {
            query: "select 1".into(),
            expect: Expect { op, value: value.into() },
        };
        let cases = [
            (Op::Gt, "0", "12\u{1f}x\n", true),
            (Op::Gt, "0", "0\n", false),
            (Op::Eq, "3", "3.0\n", true),
            (Op::Eq, "ok", "ok\n", true),
            (Op::Ne, "ok", "ok\n", false),
            (Op::Lt, "9", "10\n", false),
            (Op::Gt, "0", "many\n", false),
            (Op::Eq, "$(exit 0)'\"", "x\n", false),
        ];
        for (op, wanted, said, good) in cases {
            let (code, text) = ends(sql(op, wanted), Severity::High, said);
            assert_eq!(code == Some(0), good, "{op:?} {wanted} {said}: {text}");
        }
        let (code, text) = ends(sql(Op::Gt, "0"), Severity::Medium, "0\n");
        assert_eq!((code, text.as_str()), (Some(0), "warning: your check c: 0 (wanted > 0)\n"));
    }

    #[test]
    fn a_page_is_judged_by_status_text_and_time() {
        let page = |contains: Option<&str>, millis: Option<u64>| UserProbe::Http {
            path: "/my".into(),
            status: 200,
            contains: contains.map(str::to_owned),
            max_time: millis.map(std::time::Duration::from_millis),
        };
        let cases = [
            (page(None, None), "200 0.5", true),
            (page(None, None), "500 0.5", false),
            (page(Some("Odoo"), None), "200 0.5\ncontains", true),
            (page(Some("Odoo"), None), "200 0.5", false),
            (page(None, Some(400)), "200 0.5", false),
            (page(None, Some(600)), "200 0.5", true),
        ];
        for (probe, said, good) in cases {
            let (code, text) = ends(probe.clone(), Severity::Critical, said);
            assert_eq!(code == Some(0), good, "{probe:?} {said}: {text}");
        }
        assert_eq!(ends(UserProbe::Tcp { address: "x:1".into() }, Severity::High, "closed").0, Some(1));
        assert_eq!(ends(UserProbe::Tcp { address: "x:1".into() }, Severity::High, "open").0, Some(0));
    }
}
