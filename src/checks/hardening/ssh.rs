//! Who may log in, and how. Asked of sshd itself, for our own user and address.

use super::{Rule, base, none, seen, strict};
use crate::checks::{Subject, Verdict};
use crate::facts::{OLD_ALGORITHMS, Sshd};
use crate::inventory::Severity::{Critical, High, Low, Medium};

pub(super) const ALL: &[Rule] = &[
    base("ssh.password", "logins by password", Critical, |s| judged(s, password)),
    base("ssh.root", "logins of root", Critical, |s| judged(s, root)),
    base("ssh.overruled", "settings before ours", High, |s| judged(s, overruled)),
    base("ssh.keys", "weak keys", High, |s| judged(s, keys)),
    base("ssh.modes", "rights on keys", High, |s| judged(s, modes)),
    base("ssh.algorithms", "old algorithms", Medium, |s| judged(s, algorithms)),
    base("ssh.attempts", "attempts", Medium, |s| judged(s, attempts)),
    base("ssh.allowed", "who may log in", Medium, |s| judged(s, allowed)),
    base("ssh.forwarding", "forwarding", Low, |s| judged(s, forwarding)),
    strict("ssh.hardware", "keys in hardware", Medium, |s| judged(s, hardware)),
];

fn judged(subject: &Subject<'_>, judge: fn(&Sshd) -> Verdict) -> Verdict {
    seen(subject, |posture| &posture.sshd, judge)
}

fn own<'a>(sshd: &'a Sshd, key: &str) -> &'a str {
    sshd.own.get(key).map_or("", String::as_str)
}

fn password(sshd: &Sshd) -> Verdict {
    let on: Vec<_> = ["passwordauthentication", "kbdinteractiveauthentication"]
        .into_iter()
        .filter(|key| own(sshd, key) != "no")
        .map(str::to_owned)
        .collect();
    none(
        on,
        "only by key",
        "sshd takes passwords",
        "PasswordAuthentication no, KbdInteractiveAuthentication no",
    )
}

fn root(sshd: &Sshd) -> Verdict {
    let said = sshd.root.get("permitrootlogin").map_or("", String::as_str);
    match said {
        "no" | "prohibit-password" | "without-password" | "forced-commands-only" => Verdict::pass(said),
        _ => Verdict::fail(format!("PermitRootLogin {said}"), "PermitRootLogin prohibit-password"),
    }
}

/// The first value counts: what a drop-in that sorts before ours says cannot be said otherwise.
fn overruled(sshd: &Sshd) -> Verdict {
    none(
        sshd.before.clone(),
        "none",
        "they decide before ours",
        "rename the file, so that it is read after 00-ops.conf or not at all",
    )
}

fn keys(sshd: &Sshd) -> Verdict {
    let weak = sshd.keys.iter().filter(|key| key.is_weak());
    let weak = weak.map(|key| format!("{} {} of {} ({})", key.kind, key.bits, key.user, key.comment));
    none(weak.collect(), "none", "too weak", "replace them by ssh-ed25519, then remove their lines")
}

fn modes(sshd: &Sshd) -> Verdict {
    none(
        sshd.loose.clone(),
        "only their owner",
        "others may read or write",
        "chmod 700 ~/.ssh, 600 authorized_keys, go-w the home",
    )
}

fn algorithms(sshd: &Sshd) -> Verdict {
    let all = ["kexalgorithms", "ciphers", "macs"].into_iter().flat_map(|key| own(sshd, key).split(','));
    let old = all.filter(|name| OLD_ALGORITHMS.iter().any(|old| name.contains(old))).map(str::to_owned);
    none(old.collect(), "none", "offered", "Ciphers, MACs and KexAlgorithms without them")
}

fn attempts(sshd: &Sshd) -> Verdict {
    let number = |key: &str| own(sshd, key).parse::<u64>().unwrap_or(u64::MAX);
    let mut wrong = Vec::new();
    if number("maxauthtries") > 4 {
        wrong.push(format!("MaxAuthTries {}", own(sshd, "maxauthtries")));
    }
    if number("logingracetime") > 60 || number("logingracetime") == 0 {
        wrong.push(format!("LoginGraceTime {}", own(sshd, "logingracetime")));
    }
    none(wrong, "few and short", "too many or too long", "MaxAuthTries 4, LoginGraceTime 60")
}

fn allowed(sshd: &Sshd) -> Verdict {
    let lists: Vec<_> =
        ["allowusers", "allowgroups"].iter().filter(|key| !own(sshd, key).is_empty()).collect();
    match lists.is_empty() {
        true => Verdict::fail(
            "every account with a shell",
            "AllowGroups with a group of those who may; ops writes AllowUsers where sshd takes keys alone",
        ),
        false => Verdict::pass("only those who are named"),
    }
}

fn forwarding(sshd: &Sshd) -> Verdict {
    let on = ["x11forwarding", "permittunnel", "allowagentforwarding"]
        .into_iter()
        .filter(|key| own(sshd, key) != "no");
    none(
        on.map(str::to_owned).collect(),
        "none",
        "on",
        "X11Forwarding no, PermitTunnel no, AllowAgentForwarding no",
    )
}

fn hardware(sshd: &Sshd) -> Verdict {
    let soft = sshd.keys.iter().filter(|key| !key.kind.ends_with("-SK"));
    let soft = soft.map(|key| format!("{} of {} ({})", key.kind, key.user, key.comment));
    none(soft.collect(), "all", "in files", "ssh-keygen -t ed25519-sk, for people; machines keep theirs")
}
