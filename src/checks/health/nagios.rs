//! One line as the Monitoring Plugins write it; the exit code is theirs, too.

use super::figures::{Figure, Unit};
use super::{Report, Status};

/// How many findings are told in the one line.
const SHOWN: usize = 5;

/// `OPS CRITICAL - ..|'label'=value..`, without its newline.
pub fn nagios(report: &Report) -> String {
    let worst = report.gathered();
    let many = report.droplets.len() > 1;
    let mut told: Vec<String> = worst
        .iter()
        .take(SHOWN)
        .map(|(seen, others)| {
            let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
            let at = if many { format!("{}/{} ", seen.env, seen.finding.droplet) } else { String::new() };
            format!(
                "{at}{}{more} {}: {}",
                seen.finding.id,
                seen.status.word(),
                seen.finding.verdict.evidence()
            )
        })
        .collect();
    match worst.len() {
        0 => told.push(format!("{} checks", report.count(Status::Ok))),
        all if all > SHOWN => told.push(format!("and {} more", all - SHOWN)),
        _ => {}
    }
    let figures = report.droplets.iter().flat_map(|looked| {
        let prefix = if many { format!("{}/{} ", looked.env, looked.droplet) } else { String::new() };
        looked.figures.iter().map(move |figure| perfdata(&prefix, figure))
    });
    let perfdata: Vec<String> = figures.collect();
    // What a droplet said must not begin the part that programs read.
    let text = told.join("; ").replace('|', "/");
    let line = format!("OPS {} - {text}", report.status().word().to_uppercase());
    if perfdata.is_empty() { line } else { format!("{line} | {}", perfdata.join(" ")) }
}

/// `'label'=value[UOM];;;min`.
fn perfdata(prefix: &str, figure: &Figure) -> String {
    let label = figure.label.as_ref().map(|(_, value)| format!(" {value}")).unwrap_or_default();
    let name = format!("{prefix}{}{label}", figure.name).replace(['\'', '='], "_");
    let (value, uom) = match figure.unit {
        Unit::Ratio => (format!("{:.1}", figure.value * 100.0), "%"),
        Unit::Bytes => (format!("{}", figure.value), "B"),
        Unit::Seconds => (format!("{}", figure.value), "s"),
        Unit::Time | Unit::Number => (format!("{}", figure.value), ""),
    };
    format!("'{name}'={value}{uom};;;0")
}
