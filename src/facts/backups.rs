//! What the droplet remembers of backups: which were verified, what was found of them since, and where they are; and whether
//! it can make one.
//!
//! Deliberately absent: asking the repositories, which takes a second each (`ops backup list` does).

use super::fields::Fields;
use serde::Serialize;

use super::Probe;
use crate::cmd::Cmd;
use crate::inventory::Environment;
use crate::program::Program;
use crate::record::{BackupCheck, BackupRow, DROPLET, moment};

/// Backups that were verified, as far as the droplet remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Backups {
    /// The newest first. Their places are those that had them when these were last asked.
    pub rows: Vec<BackupRow>,
    /// Of the droplet's own restic, as it says itself.
    pub restic: Option<String>,
    /// Whether the image of `backup.restic.image` is there.
    pub image: bool,
}

// Of each record its sizes, and of each place only the ids that it had when it was last asked. A record that is not JSON is
// left out.
pub(super) const PROBE: Program = Program::shell(
    "facts.backups",
    &[r#"
if [ -n "$2" ]; then
    [ -z "$(docker image inspect -f '{{.Id}}' "$2" 2>/dev/null)" ] || printf 'image\tyes\n'
else
    restic version 2>/dev/null | awk '$1 == "restic" { print "restic\t" $2; exit }'
fi
[ -n "$OPS_STATE" ] && cd "$OPS_STATE/backup" 2>/dev/null || exit 0
[ ! -e "$1/$OPS_PROJECT/config" ] || printf 'repository\tyes\n'
of() { # kind, what awk does with a line, files
    kind=$1 work=$2
    shift 2
    [ ! -f "$1" ] || awk -v kind="$kind" 'function name() { sub(/^.*\//, "", FILENAME); sub(/\.[a-z]*$/, "", FILENAME); return FILENAME }
        { gsub(/[\t\r]/, " ") } '"$work" "$@"
}
for record in [0-9]*t[0-9]*z.json; do
    # A newline is whitespace in JSON, and never part of a text: each record becomes one line.
    [ ! -f "$record" ] || { tr '\n\000' ' \001' <"$record" && echo; }
done | awk "$OPS_JSON" whole_lines rows - /id /bytes /added /database/bytes | sed 's/^/backup\t/'
of check 'length($0) < 2000 { print kind "\t" name() "\t" $0 }' [0-9]*t[0-9]*z.checks
of place '/^[0-9]+t[0-9]+z$/ { print kind "\t" name() "\t" $0 }' places/*
exit 0
"#],
);

pub(super) fn probe(env: &Environment) -> Cmd {
    Cmd::script(PROBE, [env.backup.path.as_str(), env.backup.image.as_deref().unwrap_or_default()])
}

pub(super) fn parse(text: &str) -> Probe<Backups> {
    let fields = Fields::read(text);
    let of = |kind: &str| fields.all(kind).filter_map(|value| value.split_once('\t')).collect::<Vec<_>>();
    let (checks, places) = (of("check"), of("place"));
    let here = fields.flag("repository");
    let row = |(id, sizes): &(&str, &str)| {
        let mut sizes = sizes.split('\t').map(|size| size.parse().ok());
        let mut next = || sizes.next().flatten();
        let there = places.iter().filter(|(_, had)| had == id).map(|(place, _)| (*place).to_owned());
        let mut row = BackupRow {
            id: (*id).to_owned(),
            taken: moment(id)?,
            places: here.then(|| DROPLET.to_owned()).into_iter().chain(there).collect(),
            verified: true,
            bytes: next(),
            added: next(),
            database: next(),
            ..BackupRow::default()
        };
        let tried = checks.iter().filter(|(of, _)| of == id);
        row.judge(
            &tried.filter_map(|(_, line)| serde_json::from_str(line).ok()).collect::<Vec<BackupCheck>>(),
        );
        row.verified &= !row.places.is_empty();
        Some(row)
    };
    let mut rows: Vec<_> = of("backup").iter().filter_map(row).collect();
    rows.sort_by(|a, b| b.id.cmp(&a.id));
    let restic = fields.text("restic");
    Ok(Backups { rows, restic, image: fields.flag("image") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "repository\tyes\nbackup\t20261120t023000z\t7\t5\t6\nbackup\t20261121t023000z\t9\t1\t\n\
        check\t20261121t023000z\t{\"at\":3,\"by\":\"verify\",\"place\":\"droplet\",\"ok\":false,\"why\":\"cut\",\"seconds\":1}\n\
        check\t20261120t023000z\t{\"at\":2,\"by\":\"drill\",\"place\":\"spaces\",\"ok\":true,\"why\":\"\",\"seconds\":90}\n\
        place\tspaces\t20261120t023000z\nplace\tspaces\t20261101t023000z\nbackup\tnonsense\t1\t1\t1\n";

    #[test]
    fn what_was_verified_counts_where_it_is_and_was_not_found_wrong() {
        let rows = parse(SAID).unwrap().rows;
        let [newest, older] = rows.as_slice() else { panic!("{rows:?}") };
        assert!(!newest.verified && newest.found_wrong().is_some() && newest.bytes == Some(9));
        assert_eq!((older.bytes, older.database, newest.database), (Some(7), Some(6), None));
        assert!(older.verified && older.places == ["droplet", "spaces"]);
        assert_eq!(older.drilled.as_ref().map(|drill| drill.seconds), Some(90));
    }

    #[test]
    fn without_its_repository_a_record_is_of_elsewhere_or_of_nothing() {
        let rows = parse(&SAID.replace("repository\tyes\n", "")).unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.verified).collect::<Vec<_>>(), [false, true]);
        assert_eq!(rows[1].places, ["spaces"]);
        assert_eq!(parse("").unwrap(), Backups::default());
    }

    #[test]
    fn what_would_make_one_is_told() {
        let own = parse("restic\t0.18.0\n").unwrap();
        assert_eq!((own.restic.as_deref(), own.image), (Some("0.18.0"), false));
        assert!(parse("image\tyes\n").unwrap().image);
    }
}
