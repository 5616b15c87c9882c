//! How much the containers have logged.

use std::collections::BTreeMap;

use crate::cmd::Cmd;
use crate::facts::fields::Fields;
use crate::facts::{Probe, ProbeFailure};
use crate::program::Program;

// Files that were rotated count too. Drivers such as journald have no file of their own.
pub(super) const PROBE: Program = Program::shell(
    "facts.vitals.logs",
    &[r#"
[ -z "$OPS_FAULT" ] || { printf '%s\n' "$OPS_FAULT" >&2; exit 3; }
[ -n "$OPS_IDS" ] || exit 0
# Container ids are hexadecimal; they are split here on purpose.
all=$(docker inspect --type container --format '{{.Name}}{{"\t"}}{{.LogPath}}' $OPS_IDS) || exit
printf '%s\n' "$all" | while IFS='	' read -r name path; do
    [ -n "$path" ] || { printf 'log\t%s\t-\n' "${name#/}"; continue; }
    size=$(stat -c %s -- "$path") || exit
    for more in "$path".[0-9]*; do
        [ ! -e "$more" ] || size=$((size + $(stat -c %s -- "$more")))
    done
    printf 'log\t%s\t%s\n' "${name#/}" "$size"
done
"#],
);

pub(super) fn probe() -> Cmd {
    Cmd::script(PROBE, [""; 0])
}

pub(super) fn parse(text: &str) -> Probe<BTreeMap<String, Option<u64>>> {
    let mut logs = BTreeMap::new();
    for line in Fields::read(text).all("log") {
        let unclear = || ProbeFailure::new(format!("the size of a log cannot be understood: {line}"));
        let (name, size) = line.split_once('\t').ok_or_else(unclear)?;
        let size = match size {
            "-" => None,
            size => Some(size.parse().map_err(|_| unclear())?),
        };
        logs.insert(name.to_owned(), size);
    }
    Ok(logs)
}
