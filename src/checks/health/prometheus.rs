//! For the textfile collector of Prometheus' node exporter. Times, never ages: the file may be read much later.

use std::collections::BTreeMap;

use super::figures::Unit;
use super::{Report, Status, group};
use crate::checks::Verdict;

/// The samples of each metric together, as the format wants them.
#[derive(Default)]
struct Families(BTreeMap<&'static str, (&'static str, Vec<String>)>);

impl Families {
    fn add(&mut self, name: &'static str, help: &'static str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
        let line = format!("ops_{name}{{{}}} {value}\n", labels.join(","));
        self.0.entry(name).or_insert((help, Vec::new())).1.push(line);
    }
}

/// A check that does not apply has no sample.
pub fn prometheus(report: &Report) -> String {
    let mut all = Families::default();
    for looked in &report.droplets {
        let here = [("env", looked.env.as_str()), ("droplet", looked.droplet.as_str())];
        all.add("up", "1 where the droplet could be asked.", &here, f64::from(u8::from(looked.reached)));
        for finding in &looked.findings {
            if matches!(finding.verdict, Verdict::Skip { .. }) {
                continue;
            }
            let id = [("check", finding.id.as_str()), ("group", group(&finding.id))];
            let status = f64::from(Status::of(&finding.verdict).number());
            let help = "0 ok, 1 warning, 2 critical, 3 unknown.";
            all.add("check_status", help, &[&here[..], &id].concat(), status);
        }
        for figure in &looked.figures {
            let label = figure.label.as_ref().map(|(key, value)| (*key, value.as_str()));
            let labels: Vec<_> = here.into_iter().chain(label).collect();
            all.add(figure.name, meaning(figure.unit), &labels, figure.value);
        }
        #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch")]
        let now = report.now as f64;
        all.add("health_last_run_timestamp_seconds", "When ops looked.", &here, now);
    }
    all.0.into_iter().fold(String::new(), |mut text, (name, (help, lines))| {
        text.push_str(&format!("# HELP ops_{name} {help}\n# TYPE ops_{name} gauge\n"));
        text.extend(lines);
        text
    })
}

fn meaning(unit: Unit) -> &'static str {
    match unit {
        Unit::Ratio => "A share, 0 to 1.",
        Unit::Bytes => "Bytes.",
        Unit::Seconds => "Seconds.",
        Unit::Time => "Seconds since the epoch.",
        Unit::Number => "A number.",
    }
}

/// A label's value.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
