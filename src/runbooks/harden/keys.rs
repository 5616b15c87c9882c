//! Weak keys: their lines become comments, in the files of those who have a better one.

use super::{Change, Class, Fix};
use crate::facts::{Key, Posture, Sshd};

const RULE: &str = "ssh.keys";

/// None where nobody knows which key we came by: it could be one of them.
pub(super) fn keys(posture: &Posture, failed: &[&str]) -> Option<Fix> {
    let sshd = posture.sshd.as_ref().ok().filter(|_| failed.contains(&RULE))?;
    let own = sshd.key.as_ref()?;
    let weak: Vec<_> = sshd
        .keys
        .iter()
        .filter(|key| key.is_weak() && key.plain && key.sum != *own && spared(sshd, key))
        .collect();
    if weak.is_empty() {
        return None;
    }
    let warnings = weak.iter().map(|key| {
        let Key { kind, bits, user, comment, .. } = key;
        format!("whoever comes by the {kind} {bits} of {user} ({comment}) is not let in any more")
    });
    let list: Vec<_> = weak.iter().map(|key| (key.user.clone(), key.sum.clone())).collect();
    let so: Vec<_> = list.iter().map(|(user, sum)| format!("key {user} {sum}")).collect();
    let title = format!("write {} out of authorized_keys", crate::text::count(list.len(), "weak key"));
    Some(Fix {
        id: "keys",
        class: Class::Access,
        rules: vec![RULE],
        title,
        warnings: warnings.collect(),
        change: Change::Keys(list),
        so: so.join("\n"),
        still: Vec::new(),
    })
}

/// Its user has a better one that is as good for all they may do. One with options is another machine's, who has no other. Names and fingerprints come from the droplet, and become words of a command.
fn spared(sshd: &Sshd, key: &Key) -> bool {
    let sum = |sum: &str| {
        sum.strip_prefix("SHA256:")
            .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)))
    };
    super::ssh::plain(&key.user)
        && sum(&key.sum)
        && sshd.keys.iter().any(|other| other.user == key.user && other.plain && !other.is_weak())
}
