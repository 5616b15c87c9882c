//! The user's own files that a proposal is about: the stack's compose files, and the odoo.conf beside them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::inventory::{Droplet, Environment};

/// By their paths below the stack's.
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

const PROBE: &str = r#"
cd "$1" || exit
shift
for file in "$@" $(find . -maxdepth 3 -name '.git' -prune -o -name 'odoo*.conf' -type f -print 2>/dev/null | sed 's,^\./,,' | grep -xE '[A-Za-z0-9._/-]*' | head -n 5); do
    [ -f "$file" ] && [ ! -L "$file" ] && [ "$(wc -c <"$file")" -le 65536 ] || continue
    git -c safe.directory='*' ls-files --error-unmatch -- "$file" >/dev/null 2>&1 && tracked=yes || tracked=no
    printf 'file\t%s\t%s\t%s\n' "$tracked" "$file" "$(base64 -w 0 <"$file")"
done
echo 'all	yes'
"#;

pub(super) fn probe(env: &Environment, droplet: &Droplet) -> Cmd {
    let files = droplet.compose.iter().map(|file| file.as_str());
    Cmd::script(PROBE, std::iter::once(env.stack.path.as_str()).chain(files))
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
