//! What to write into files that are the user's own, as differences to be committed by them. Nothing of it is applied.

mod compose;
mod conf;
mod site;

use similar::TextDiff;

use super::may_be_secret;

use crate::facts::Posture;
use crate::record::Proposal;
use crate::text::printable;

/// What could be written, for the rules that failed. `database`: the inventory's.
pub fn proposals(posture: &Posture, failed: &[&str], database: &str) -> Vec<Proposal> {
    let Ok(sources) = &posture.sources else { return Vec::new() };
    let propose = |(path, source): (&String, &crate::facts::Source)| {
        let text = &source.text;
        // Lines that end as Windows ends them would all be another.
        if text.contains('\r') {
            return None;
        }
        let after = match path {
            path if path.starts_with('/') => {
                site::changed(text, posture.site.as_ref().ok()?.as_ref()?, failed)
            }
            path if path.ends_with(".conf") => conf::changed(text, failed, database),
            _ => compose::changed(text, posture.sandboxes.as_deref().unwrap_or_default(), failed)?,
        };
        (after.trim_end() != text.trim_end()).then(|| Proposal {
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
    if line.starts_with("@@") || !may_be_secret(line) {
        return printable(line);
    }
    // The sign of the difference stays, and what stands before the value.
    let end = line.find(['=', ':']).map_or(1, |at| at + 1);
    printable(&format!("{} ..", &line[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_left_out() {
        for (line, shown) in [
            (" admin_passwd = hunter2", " admin_passwd = .."),
            ("       - SMTP_TOKEN=hunter2", "       - SMTP_TOKEN= .."),
            (" DATABASE_URL: postgres://odoo:hunter2@db/odoo", " DATABASE_URL: .."),
            ("     hunter2-is-the-secret", "  .."),
            ("+list_db = False", "+list_db = False"),
            ("@@ -1,2 +1,3 @@", "@@ -1,2 +1,3 @@"),
        ] {
            assert_eq!(without_secret(line), shown, "{line}");
            assert!(!without_secret(line).contains("hunter2"));
        }
    }
}
