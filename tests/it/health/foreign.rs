//! What monitoring reads, read by parsers that are not ours: Prometheus' own client for Python, the Monitoring Plugins'
//! module for Perl. Both are Debian's (`.ci/need`).
#![expect(clippy::disallowed_methods, reason = "parsers are programs")]

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use ops::checks::health::{nagios, prometheus};
use serde_json::Value;

use super::shown::mixed;

/// What the program prints of the text.
#[track_caller]
fn read(program: &str, args: &[&str], text: &str) -> String {
    let mut command = Command::new(program);
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{program} cannot read\n{text}");
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn the_client_of_prometheus_reads_every_sample() {
    let program = "import json, sys\n\
        from prometheus_client.parser import text_string_to_metric_families as families\n\
        for f in families(sys.stdin.read()):\n  \
            assert f.type == 'gauge' and f.documentation, f\n  \
            for s in f.samples: print(json.dumps([s.name, s.labels, s.value]))\n";
    let text = prometheus(&mixed());
    let samples: Vec<Value> = read("/usr/bin/python3", &["-c", program], &text)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(samples.len(), text.lines().filter(|line| !line.starts_with('#')).count());
    let site = samples.iter().find(|one| one[1]["check"] == "web.site" && one[1]["droplet"] == "erp-2");
    assert_eq!(site.unwrap()[2], 2.0, "{text}");
    let each: BTreeSet<String> = samples.iter().map(|one| format!("{}{}", one[0], one[1])).collect();
    assert_eq!(each.len(), samples.len(), "a sample stands twice\n{text}");
}

#[test]
fn the_module_of_the_monitoring_plugins_reads_every_figure() {
    let program = "local $/; my @all = Monitoring::Plugin::Performance->parse_perfstring(<STDIN>); \
        printf \"%s\\t%s\\t%s\\n\", $_->label, $_->value, $_->uom // '' for @all";
    let line = nagios(&mixed());
    let (_, data) = line.split_once(" | ").unwrap();
    let figures = read("perl", &["-MMonitoring::Plugin::Performance", "-e", program], data);
    assert_eq!(figures.lines().count(), data.matches("'=").count(), "{data}\n{figures}");
    let units: BTreeSet<&str> = figures.lines().map(|line| line.rsplit('\t').next().unwrap()).collect();
    assert_eq!(units, BTreeSet::from(["", "%", "B", "s"]), "{figures}");
}
