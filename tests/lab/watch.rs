//! The time after a switch: a release is compared with the one before it. On demo-1, and on three droplets.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::droplet::{DEMO, Droplet, lab};
use crate::laptop::{Laptop, Ran};
use crate::terminal::{CTRL_C, Terminal};
use crate::walk::{SHIM, await_hold, go_on, hold};

/// Half a minute of it, between slots.
const WATCHED: (&str, &str) = ("keep_releases: 5 }", "keep_releases: 5, watch: 30s }");
const PUT_BACK: (&str, &str) =
    ("keep_releases: 5 }", "keep_releases: 5, watch: { for: 30s, put_back: true } }");

/// A fresh droplet, without the log of other tests.
fn fresh() -> Droplet {
    let droplet = DEMO.fresh();
    droplet.root("rm -f /var/log/nginx/access.log.1; : >/var/log/nginx/access.log");
    droplet
}

/// A release runs, and the next run's steps can be held.
fn deployed(change: (&str, &str)) -> (Droplet, Laptop) {
    let droplet = fresh();
    let laptop = Laptop::with(&[change]);
    laptop.deploy("demo", "standin", &["--watch", "off"]).exits(0).never_says(&["watch"]);
    droplet.root(SHIM);
    (droplet, laptop)
}

/// Somebody uses the site, so that nginx has something to log.
fn visitors(droplet: Droplet, path: &str, times: u32) {
    let get = format!("curl -sS -o /dev/null -H 'Host: erp.lab' 'http://127.0.0.1{path}'");
    droplet.root(&format!("n=0; while [ $n -lt {times} ]; do n=$((n + 1)); {get}; done"));
}

/// Its processor is so busy that a page takes a good part of a second.
fn slow_down(droplet: Droplet) {
    droplet.root(&format!("docker update --cpu-period 100000 --cpu-quota 4000 {}", droplet.web()));
}

/// A deploy that is held before its watch.
fn held(droplet: Droplet, laptop: &Laptop, git_ref: &str) -> Child {
    hold(droplet, "watch");
    let log = std::fs::File::create(laptop.file("out")).unwrap();
    let mut command = laptop.command(&["deploy", "demo", "--yes", "--allow-downgrade", "--ref", git_ref]);
    let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
    await_hold(droplet);
    child
}

#[track_caller]
fn ends(laptop: &Laptop, mut child: Child, code: i32, says: &[&str]) -> String {
    let ended = child.wait().unwrap().code();
    let said = std::fs::read_to_string(laptop.file("out")).unwrap();
    assert_eq!(ended, Some(code), "{said}");
    let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in says {
        assert!(plain.contains(text), "it does not say: {text}\n{said}");
    }
    plain
}

const GOOD: &str = "no worse than before";

/// A good release is found to be one. Tests share a machine that may be busier after a switch than before it, so
/// this may want more than one try.
fn stays(laptop: &Laptop, git_ref: &str) -> bool {
    let ran = laptop.deploy("demo", git_ref, &["--allow-downgrade"]);
    ran.code == Some(0) && ran.err.contains(GOOD)
}

fn last_run(laptop: &Laptop) -> String {
    laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned()
}

lab_test!(lab, demo, a_release_is_compared_with_the_one_before_it);
fn a_release_is_compared_with_the_one_before_it() {
    // Of a first one there is nothing to compare with.
    let droplet = fresh();
    let laptop = Laptop::with(&[WATCHED]);
    laptop.deploy("demo", "standin", &[]).exits(0).says(&["nothing to compare with"]);
    droplet.root(SHIM);

    // As good as before, with visitors: it says so.
    visitors(droplet, "/web/login", 30);
    let deploy = held(droplet, &laptop, "standin-code");
    go_on(droplet);
    std::thread::sleep(Duration::from_secs(5));
    visitors(droplet, "/web/login", 30);
    let said =
        ends(&laptop, deploy, 0, &["/web/login 30 -> 30", "nginx 31 -> 30", "0.0 % -> 0.0 % no worse"]);
    assert!(said.contains(GOOD) || stays(&laptop, "standin") || stays(&laptop, "standin-code"), "{said}");
    let before = droplet.release();

    // Slower: said with its sample size and the way back, and the release stays.
    let deploy = held(droplet, &laptop, "standin-code-2");
    let run = last_run(&laptop);
    slow_down(droplet);
    go_on(droplet);
    let undo = format!("to go back: ops runs undo {run}");
    let said = ends(&laptop, deploy, 0, &["worse: /web/login p50", "(n 30 -> ", &undo]);
    assert!(said.contains("Warning: demo-1: worse: ") || said.contains("warning demo-1: worse: "), "{said}");
    assert_eq!(droplet.release(), "standin-code-2");
    // It stands in the record, and the way back is one.
    laptop.ops(&["runs", "logs", &run]).exits(0).says(&["worse: /web/login p50"]);
    laptop.ops(&["runs", "attach", &run]).exits(0).says(&[&undo]);
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert_eq!(droplet.release(), before);
}

lab_test!(lab, demo, an_error_that_only_users_meet_is_seen_in_the_log_of_nginx);
fn an_error_that_only_users_meet_is_seen_in_the_log_of_nginx() {
    let (droplet, laptop) = deployed(WATCHED);
    visitors(droplet, "/web/login", 30);
    let deploy = held(droplet, &laptop, "standin-code");
    go_on(droplet);
    std::thread::sleep(Duration::from_secs(5));
    // Only this page is broken, and nobody asked for it before. Meanwhile the log is rotated.
    visitors(droplet, "/slow?s=x", 2);
    droplet.root("cd /var/log/nginx; mv access.log access.log.1; kill -USR1 $(cat /run/nginx.pid)");
    visitors(droplet, "/slow?s=x", 1);
    visitors(droplet, "/nowhere", 20);
    ends(&laptop, deploy, 0, &["worse: ", "nginx 3 new 5xx, 404 0.0 % -> 87.0 % (n 31 -> 23)"]);
    assert_eq!(droplet.release(), "standin-code");
}

lab_test!(lab, demo, a_worse_release_goes_back_by_itself_where_it_was_told_to);
fn a_worse_release_goes_back_by_itself_where_it_was_told_to() {
    let (droplet, laptop) = deployed(PUT_BACK);
    let deploy = held(droplet, &laptop, "standin-code");
    slow_down(droplet);
    go_on(droplet);
    ends(&laptop, deploy, 6, &["worse: /web/login p50", "it goes back", "put back"]);
    assert_eq!(droplet.release(), "base");
    laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);

    // A good one stays.
    assert!((0..3).any(|_| stays(&laptop, "standin-code")));
    assert_eq!(droplet.release(), "standin-code");

    // The same with a laptop that is gone; what no longer answers at all does not wait for the time to pass.
    let mut deploy = held(droplet, &laptop, "standin-code-2");
    deploy.kill().unwrap();
    deploy.wait().unwrap();
    droplet.root(&format!("docker pause {}", droplet.web()));
    let begun = Instant::now();
    go_on(droplet);
    let run = last_run(&laptop);
    let attach = || laptop.ops(&["runs", "attach", &run]);
    let back = || droplet.root("curl -s -m 5 -H 'Host: erp.lab' http://127.0.0.1/ipai_docs/release; :");
    while !back().ends_with("standin-code") {
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not go back\n{}", attach());
        std::thread::sleep(Duration::from_millis(500));
    }
    let ran: Ran = attach();
    ran.says(&["worse: /web/login failed 3 times in a row", "it goes back"]);
}

lab_test!(lab, demo, whoever_stops_watching_keeps_the_release);
fn whoever_stops_watching_keeps_the_release() {
    for change in [WATCHED, PUT_BACK] {
        let (droplet, laptop) = deployed(change);
        let args = ["deploy", "demo", "--yes", "--ref", "standin-code", "--watch", "10m"];
        hold(droplet, "watch");
        let mut terminal = Terminal::start(laptop.command(&args));
        terminal.sees("as good as before for 10 min");
        await_hold(droplet);
        go_on(droplet);
        std::thread::sleep(Duration::from_secs(5));
        terminal.types(CTRL_C).sees("watching ended early");
        assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
        assert!(!terminal.shown().contains("[u]ndo"), "{}", terminal.shown());
        assert_eq!(droplet.release(), "standin-code");
        laptop.ops(&["lock", "status", "demo"]).exits(0).says(&["free"]);
    }
}

lab_test!(lab, demo, a_loss_of_power_while_it_is_watched_ends_as_the_plan_said);
/// Where it would have gone back by itself, it goes back; else it stays.
fn a_loss_of_power_while_it_is_watched_ends_as_the_plan_said() {
    for (change, serves) in [(WATCHED, "standin-code"), (PUT_BACK, "base")] {
        let (droplet, laptop) = deployed(change);
        let mut deploy = held(droplet, &laptop, "standin-code");
        deploy.kill().unwrap();
        deploy.wait().unwrap();
        droplet.power_loss();
        let begun = Instant::now();
        let release = "curl -s -m 5 -H 'Host: erp.lab' http://127.0.0.1/ipai_docs/release; :";
        let at_work = "systemctl list-units --plain --no-legend 'ops-*' | wc -l";
        while !droplet.root(release).ends_with(serves) || droplet.root(at_work) != "0" {
            assert!(begun.elapsed() < Duration::from_secs(120), "{serves} does not serve");
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

/// nginx in a container of the stack: its own log is read.
pub fn nginx_in_a_container() {
    let droplet = DEMO.fresh();
    droplet.root("systemctl disable --now nginx 2>/dev/null");
    lab(&["seed", droplet.name, "standin", "--branch", "standin-nginx", "--no-site"]);
    let site = ("site: /etc/nginx/sites-enabled/odoo,", "site: /opt/odoo/nginx/odoo.conf, container: nginx,");
    let laptop = Laptop::with(&[WATCHED, site, ("modules: [ipai_docs]", "modules: [ipai_docs, bus]")]);
    droplet.root(SHIM);
    visitors(droplet, "/web/login", 30);
    let deploy = held(droplet, &laptop, "standin-nginx-code");
    go_on(droplet);
    std::thread::sleep(Duration::from_secs(5));
    visitors(droplet, "/slow?s=x", 2);
    ends(&laptop, deploy, 0, &["worse: ", "nginx 2 new 5xx (n 30 -> 2)"]);
    assert_eq!(droplet.release(), "standin-nginx-code");
}

/// A release that is worse on one of three droplets goes back on all of them.
pub fn worse_on_one_of_three_goes_back_on_all() {
    lab(&["reset", "trio"]);
    let web = ["trio-1", "trio-2", "trio-3"].map(|name| Droplet { env: "trio", name });
    let laptop = Laptop::with(&[PUT_BACK]);
    laptop.deploy("trio", "standin", &["--watch", "off"]).exits(0);
    let args = ["deploy", "trio", "--yes", "--ref", "standin-code"];
    let log = std::fs::File::create(laptop.file("out")).unwrap();
    web[1].root(SHIM);
    hold(web[1], "watch");
    let deploy = laptop.command(&args).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    await_hold(web[1]);
    web[1].root(&format!("docker pause {}", web[1].web()));
    go_on(web[1]);
    ends(&laptop, deploy, 6, &["trio-2: worse: /web/login failed 3 times in a row", "put back"]);
    assert_eq!(web.map(|droplet| droplet.release()), ["base"; 3]);
    laptop.ops(&["lock", "status", "trio"]).exits(0).says(&["free"]);
}
