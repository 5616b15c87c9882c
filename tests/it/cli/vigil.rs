//! `ops health --watch` where there is no terminal, and no droplet either.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::Laptop;
use crate::transport::sshd::free_port;

/// Its only droplet refuses connections.
fn laptop() -> Laptop {
    let laptop = Laptop::new();
    laptop.change("/droplets/0/port", free_port("127.0.0.1"));
    laptop
}

fn start(laptop: &Laptop, more: &[&str]) -> Child {
    let args = [&["health", "prod", "--watch", "2"][..], more].concat();
    laptop.command(&args).stdout(Stdio::piped()).spawn().unwrap()
}

/// The exit code after a signal.
fn told_to_end(mut child: Child, signal: rustix::process::Signal) -> Option<i32> {
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), signal).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn a_form_that_is_one_answer_is_refused() {
    let laptop = laptop();
    for (args, why) in [
        (&["--output", "nagios"][..], "one answer to one question"),
        (&["--output", "markdown"], "one answer to one question"),
        (&["--output", "prometheus"], "wants --write PATH"),
        (&["--write", "x"], "wants --output prometheus"),
    ] {
        laptop.ops(&[&["health", "prod", "--watch"][..], args].concat()).exits(2).says(why);
    }
    laptop.ops(&["health", "prod", "--watch", "1"]).exits(2).says("1 is not in 2..");
}

#[test]
fn a_droplet_that_is_not_there_is_told_once_and_again_by_each_look() {
    let laptop = laptop();
    let mut child = start(&laptop, &[]);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told: Vec<String> = lines.take_while(|line| !line.contains("1 unknown")).collect();
    assert!(told.iter().any(|line| line.contains("UNKNOWN  erp-1: droplet:")), "{told:?}");
    assert_eq!(told_to_end(child, rustix::process::Signal::TERM), Some(4));

    let mut child = start(&laptop, &["--output", "json"]);
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).take(2).collect();
    for line in lines {
        let report: serde_json::Value = serde_json::from_str(&line).unwrap();
        let droplet = &report["droplets"][0];
        assert_eq!(
            (&report["schema"], &droplet["reached"]),
            (&"ops.health/1".into(), &false.into()),
            "{line}"
        );
    }
    assert_eq!(told_to_end(child, rustix::process::Signal::INT), Some(4));
}

#[test]
fn a_collectors_file_is_written_anew_at_every_look() {
    let laptop = laptop();
    let file = laptop.sshd.path("ops.prom");
    let child = start(&laptop, &["--output", "prometheus", "--write", file.to_str().unwrap()]);
    let deadline = Instant::now() + Duration::from_secs(30);
    for _ in 0..2 {
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("ops_up{")) {
            assert!(Instant::now() < deadline, "nothing is written");
            std::thread::sleep(Duration::from_millis(50));
        }
        std::fs::remove_file(&file).unwrap();
    }
    assert_eq!(told_to_end(child, rustix::process::Signal::INT), Some(4));
}
