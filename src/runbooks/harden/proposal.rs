//! What to write into files that are the user's own, as differences to be committed by them. Nothing of it is applied.

mod compose;
mod conf;

use similar::TextDiff;

use crate::facts::Posture;
use crate::record::Proposal;
use crate::text::printable;

/// What could be written, for the rules that failed. `database`: the inventory's.
pub fn proposals(posture: &Posture, failed: &[&str], database: &str) -> Vec<Proposal> {
    let Ok(sources) = &posture.sources else { return Vec::new() };
    let propose = |(path, source): (&String, &crate::facts::Source)| {
        let after = match path.ends_with(".conf") {
            true => conf::changed(&source.text, failed, database),
            false => {
                compose::changed(&source.text, posture.sandboxes.as_deref().unwrap_or_default(), failed)?
            }
        };
        (after != source.text).then(|| Proposal {
            file: printable(path),
            tracked: source.tracked,
            diff: difference(&source.text, &after),
        })
    };
    sources.0.iter().filter_map(propose).collect()
}

fn difference(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().context_radius(2).to_string();
    text.lines().filter(|line| !line.starts_with('\\')).map(without_secret).collect()
}

/// `admin_passwd = ..` of a line that is only near.
fn without_secret(line: &str) -> String {
    let lower = line.to_lowercase();
    let secret = ["pass", "secret", "token", "key"].iter().any(|word| lower.contains(word));
    let at = line.find(['=', ':']).filter(|_| secret && !line.starts_with("@@"));
    printable(&at.map_or_else(|| line.to_owned(), |at| format!("{} ..", &line[..=at])))
}
