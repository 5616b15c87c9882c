//! What `ops doctor` found, for people: the worst first, the laptop and each droplet that is well in one line.

use super::health;
use super::look::Look;
use crate::checks::doctor::Doctor;
use crate::checks::health::Status;
use crate::text::count;

pub fn render(doctor: &Doctor, look: &Look) -> String {
    let report = doctor.report();
    let mut out = health::body(&report, look);
    out.push('\n');
    let whom = match doctor.droplets.len() {
        0 => "This laptop".to_owned(),
        droplets => format!("This laptop and {}", count(droplets, "droplet")),
    };
    let number = |status| report.count(status);
    let said = match report.status() {
        Status::Ok => "fine".to_owned(),
        _ => format!(
            "{} failed, {} not seen, {}",
            number(Status::Critical),
            number(Status::Unknown),
            count(number(Status::Warning), "warning")
        ),
    };
    out + &look.wrap("", &format!("{whom}: {said}."))
}
