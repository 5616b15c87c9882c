//! The user's own files that a proposal is about: the stack's compose files, the odoo.conf beside them, nginx's site.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::{Droplet, Environment, Role};
use crate::program::Program;

/// By their paths below the stack's; nginx's site by its whole path.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sources(pub BTreeMap<String, Source>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// May hold a secret: never shown whole.
    #[serde(skip)]
    pub text: String,
    /// git knows it.
    pub tracked: bool,
}

pub(super) const PROBE: Program = Program::shell(
    "facts.posture.sources",
    &[r#"
cd "$1" || exit
site=$2
shift 2
[ -z "$site" ] || site=$(readlink -f -- "$site") || site=
for file in ${site:+"$site"} "$@" $(find . -maxdepth 3 -name '.git' -prune -o -name 'odoo*.conf' -type f -print 2>/dev/null | sed 's,^\./,,' | grep -xE '[A-Za-z0-9._/-]*' | head -n 5); do
    [ -f "$file" ] && [ ! -L "$file" ] && [ "$(wc -c <"$file")" -le 65536 ] || continue
    git -c safe.directory='*' ls-files --error-unmatch -- "$file" >/dev/null 2>&1 && tracked=yes || tracked=no
    printf 'file\t%s\t%s\t%s\n' "$tracked" "$file" "$(base64 -w 0 <"$file")"
done
echo 'all	yes'
"#],
);

pub(super) fn probe(env: &Environment, droplet: &Droplet) -> Cmd {
    let files = droplet.compose.iter().map(|file| file.as_str());
    // In a container it is the same file only where it is mounted, which is below the stack's as a rule.
    let site = env.proxy.as_ref().filter(|_| droplet.roles.contains(&Role::Web));
    let site = site.filter(|proxy| proxy.container.is_none() || proxy.site.starts_with(&env.stack.path));
    let site = site.map_or("", |proxy| proxy.site.as_str());
    Cmd::script(PROBE, [env.stack.path.as_str(), site].into_iter().chain(files))
}

pub(super) fn parse(text: &str) -> Probe<Sources> {
    let fields = Fields::read(text);
    let unclear = || ProbeFailure::new("the stack's own files cannot be read");
    if !fields.flag("all") {
        return Err(unclear());
    }
    let file = |line: &str| {
        let [tracked, path, bytes] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let text = String::from_utf8(STANDARD.decode(bytes).ok()?).ok()?;
        Some((path.to_owned(), Source { text, tracked: tracked == "yes" }))
    };
    // What is no text is none that could be proposed to change.
    Ok(Sources(fields.all("file").filter_map(file).collect()))
}
