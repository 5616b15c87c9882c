//! sshd's settings, in a file of our own that is read first. Only what is wrong is written: what is stricter stays.

use std::collections::BTreeSet;

use super::{Change, Class, Fix};
use crate::facts::{OLD_ALGORITHMS, Posture, SSHD, Sshd};
use crate::tools::harden::Reader;

const HEAD: &str = "# Written by `ops harden`, read before every other file of this directory.\n";

/// Words of one rule, as `sshd -T` says them.
const RULES: [(&str, &[&str]); 6] = [
    ("ssh.password", &["passwordauthentication", "kbdinteractiveauthentication"]),
    ("ssh.root", &["permitrootlogin"]),
    ("ssh.attempts", &["maxauthtries", "logingracetime"]),
    ("ssh.forwarding", &["x11forwarding", "permittunnel", "allowagentforwarding"]),
    ("ssh.algorithms", &["ciphers", "macs", "kexalgorithms"]),
    ("ssh.allowed", &["allowusers"]),
];

/// Where sshd looks for keys, and so do we.
const USUAL: [&str; 2] = [".ssh/authorized_keys", ".ssh/authorized_keys2"];

/// None where nothing of it failed, or where nobody is known to log in by a key.
pub(super) fn logins(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let (sshd, files) = (posture.sshd.as_ref().ok()?, posture.files.as_ref().ok()?);
    let may = |rule: &str| match rule {
        "ssh.password" | "ssh.root" => sshd.key.is_some(),
        "ssh.allowed" => sshd.key.is_some() && all_known(sshd, failed),
        _ => true,
    };
    // What a file before ours says stays so, unless it is read later.
    let later = order(posture, failed).is_some();
    let ours = |words: &[&str]| later || !words.iter().any(|word| overruled(sshd, word));
    let chosen: Vec<_> =
        RULES.iter().filter(|(rule, words)| failed.contains(rule) && may(rule) && ours(words)).collect();
    let words = chosen.iter().flat_map(|(_, words)| words.iter().copied());
    let set: Vec<_> = words.filter_map(|word| Some((word, wanted(sshd, word)?))).collect();
    if set.is_empty() {
        return None;
    }
    let before = files.0.get(SSHD).cloned();
    // A block of `Match` may stand in what is kept: ours come before it.
    let mut after = if before.is_none() { HEAD.to_owned() } else { String::new() };
    set.iter().for_each(|(word, value)| after += &format!("{} {value}\n", spelt(word)));
    let kept = before.as_deref().unwrap_or_default().lines().filter(|line| !sets(line, &set));
    kept.for_each(|line| after += &format!("{line}\n"));
    let from = sshd.from.as_deref().unwrap_or("127.0.0.1");
    let says = |(word, value): &(&str, String)| {
        let user = if *word == "permitrootlogin" { "root" } else { &sshd.user };
        // sshd says each of a list by itself.
        let values = if *word == "allowusers" { value.split(' ').collect() } else { vec![value.as_str()] };
        values.into_iter().map(|value| format!("{user} {from} {word} {value}")).collect::<Vec<_>>()
    };
    let says: Vec<_> = set.iter().flat_map(says).collect();
    let so = says.iter().map(|line| format!("sshd {line}")).collect::<Vec<_>>().join("\n");
    let says = says.join("\n");
    let change = Change::Write { path: SSHD, mode: 0o600, reader: Reader::Sshd, before, after, says };
    let rules: Vec<_> = chosen.iter().map(|(rule, _)| *rule).collect();
    let only = set.iter().filter(|(word, _)| *word == "allowusers");
    let said = |(_, names): &(&str, String)| {
        let names = names.replace(' ', ", ");
        format!("nobody but {names} may log in then: AllowUsers names them, and is to name later ones")
    };
    let warnings = only.map(said).collect();
    let title = format!("write {SSHD}, let sshd read it (who is logged in stays)");
    Some(Fix { id: "sshd", class: Class::Access, rules, title, change, so, warnings, still: Vec::new() })
}

/// Whoever may log in today may do so afterwards: those are known only where everybody comes by a key of a usual file.
fn all_known(sshd: &Sshd, failed: &[&str]) -> bool {
    let said = |word: &str, usual: &[&str]| {
        sshd.own.get(word).is_none_or(|value| value.split(' ').all(|one| usual.contains(&one)))
    };
    let keys_alone =
        ["passwordauthentication", "kbdinteractiveauthentication"].iter().all(|word| said(word, &["no"]));
    let others = ["hostbasedauthentication", "gssapiauthentication"].iter().any(|word| !said(word, &["no"]));
    let elsewhere = ["authorizedkeyscommand", "trustedusercakeys"].iter().any(|word| !said(word, &["none"]));
    (keys_alone || failed.contains(&"ssh.password"))
        && !others
        && !elsewhere
        && !sshd.conditional
        && said("authorizedkeysfile", &USUAL)
        && everyone(sshd).iter().all(|name| plain(name))
}

/// `*` and `?` in a name would be a pattern, `@` an address.
pub(super) fn plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

const OVERRULED: &str = "ssh.overruled";

/// `file:line:Word value`, for each that decides before ours.
fn decided(sshd: &Sshd) -> impl Iterator<Item = (&str, &str)> {
    sshd.before.iter().filter_map(|line| {
        let (file, rest) = line.split_once(':')?;
        Some((file, rest.split_once(':')?.1.trim_start()))
    })
}

fn overruled(sshd: &Sshd, word: &str) -> bool {
    let about = |said: &str| said.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    decided(sshd).any(|(_, said)| about(said))
}

/// Drop-ins that are read before ours are read after it: what only they say stays.
pub(super) fn order(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let sshd = posture.sshd.as_ref().ok().filter(|_| failed.contains(&OVERRULED))?;
    let name = |file: &str| file.strip_prefix("/etc/ssh/sshd_config.d/").map(str::to_owned);
    let names: BTreeSet<String> = decided(sshd).map(|(file, _)| name(file)).collect::<Option<_>>()?;
    if names.is_empty() || !names.iter().all(|name| plain(name)) {
        return None;
    }
    // What `00-ops.conf` has to say counts then: nobody who comes by a password is kept out without it being known who we are.
    let files = &posture.files.as_ref().ok()?.0;
    let ours = |said: &str| {
        let word =
            said.split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default().to_lowercase();
        files
            .get(SSHD)
            .is_some_and(|text| text.lines().any(|line| sets(line, &[(word.as_str(), String::new())])))
    };
    let over: Vec<_> = decided(sshd).filter(|(_, said)| ours(said)).collect();
    if !over.is_empty() && sshd.key.is_none() {
        return None;
    }
    let warnings = over
        .iter()
        .map(|(file, said)| format!("`{said}` of {file} counts no more: {SSHD} says otherwise"))
        .collect();
    let names: Vec<_> = names.into_iter().collect();
    let title = format!("let sshd read {} after 00-ops.conf, as 01-..", names.join(", "));
    let from = sshd.from.clone().unwrap_or_else(|| "127.0.0.1".to_owned());
    let change = Change::Order { user: sshd.user.clone(), from, names };
    Some(Fix {
        id: "order",
        class: Class::Access,
        rules: vec![OVERRULED],
        title,
        change,
        so: String::new(),
        warnings,
        still: Vec::new(),
    })
}

/// Who has a key, and ourselves.
fn everyone(sshd: &Sshd) -> BTreeSet<String> {
    sshd.accounts.iter().chain([&sshd.user]).cloned().collect()
}

/// What the word has to be; None: it is well as it is.
fn wanted(sshd: &Sshd, word: &str) -> Option<String> {
    if word == "allowusers" {
        return Some(everyone(sshd).into_iter().collect::<Vec<_>>().join(" "));
    }
    let who = if word == "permitrootlogin" { &sshd.root } else { &sshd.own };
    let said = who.get(word)?;
    let most = |limit: u64| said.parse::<u64>().is_ok_and(|number| (1..=limit).contains(&number));
    let (well, value) = match word {
        "permitrootlogin" => (said != "yes", "prohibit-password".to_owned()),
        "maxauthtries" => (most(4), "4".to_owned()),
        "logingracetime" => (most(60), "60".to_owned()),
        "ciphers" | "macs" | "kexalgorithms" => {
            let good: Vec<_> = said.split(',').filter(|name| !is_old(name)).collect();
            (good.is_empty() || good.len() == said.split(',').count(), good.join(","))
        }
        _ => (said == "no", "no".to_owned()),
    };
    (!well).then_some(value)
}

fn is_old(name: &str) -> bool {
    OLD_ALGORITHMS.iter().any(|old| name.contains(old))
}

/// As people write it.
fn spelt(word: &str) -> &str {
    match word {
        "passwordauthentication" => "PasswordAuthentication",
        "kbdinteractiveauthentication" => "KbdInteractiveAuthentication",
        "permitrootlogin" => "PermitRootLogin",
        "maxauthtries" => "MaxAuthTries",
        "logingracetime" => "LoginGraceTime",
        "x11forwarding" => "X11Forwarding",
        "permittunnel" => "PermitTunnel",
        "allowagentforwarding" => "AllowAgentForwarding",
        "allowusers" => "AllowUsers",
        "ciphers" => "Ciphers",
        "macs" => "MACs",
        "kexalgorithms" => "KexAlgorithms",
        word => word,
    }
}

/// The line is about one of them: `key value` or `key=value`.
fn sets(line: &str, set: &[(&str, String)]) -> bool {
    let key = line.trim_start().split(|c: char| c.is_whitespace() || c == '=').next().unwrap_or_default();
    set.iter().any(|(word, _)| key.eq_ignore_ascii_case(word))
}
