//! Whether a release is as good as the one before it: pages are timed and nginx's log is counted, before the
//! switch and for a time after it.
//!
//! Measuring never fails a deploy: what cannot be measured is said. Deliberately absent: any judgement on the
//! laptop; `watch.awk` decides on the droplet, so that nobody has to be connected.

use crate::cmd::Cmd;
use crate::program::Program;
use crate::tools::slots;

pub(super) const WATCH: Program =
    Program::shell("watch", &[include_str!("json.sh"), include_str!("nginx.sh"), include_str!("watch.sh")]);
pub(super) const COMPARE: Program = Program::awk("watch.compare", &[include_str!("watch.awk")]);
pub(super) const COUNT: Program = Program::awk("watch.count", &[include_str!("access.awk")]);

/// A page that is asked again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How it is called in what is said.
    pub name: String,
    pub path: String,
    pub status: u16,
    /// A text of it; empty: any.
    pub contains: String,
}

impl Page {
    pub fn login() -> Self {
        let (name, path) = ("/web/login".to_owned(), "/web/login".to_owned());
        Self { name, path, status: 200, contains: "oe_login_form".to_owned() }
    }
}

/// What is measured, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// Of the run's, on the droplet: what was measured before is found there afterwards.
    pub dir: &'a str,
    pub project: &'a str,
    /// The web service, asked itself; none: nginx is asked.
    pub service: Option<&'a str>,
    /// The Compose service of nginx, where it runs in the stack.
    pub container: Option<&'a str>,
    /// The name in the Host header.
    pub host: &'a str,
    /// The first is the login page: it has to answer.
    pub pages: &'a [Page],
}

/// What a worse release leads to.
#[derive(Debug, Clone, Copy)]
pub struct Worse<'a> {
    /// The command that goes back, for whoever reads it.
    pub undo: &'a str,
    /// It fails.
    pub fails: bool,
}

impl Site<'_> {
    /// Thirty requests of each page, in a minute at most, and the last ten minutes of nginx's log.
    pub fn before(&self) -> Cmd {
        self.cmd("before", 0, Worse { undo: "", fails: false })
    }

    /// The same for so many seconds, and the comparison. A line that begins with [`WORSE`] tells of a worse
    /// release. It ends early, and does not fail, where the file `$OPS_HALT` appears.
    pub fn after(&self, seconds: u64, worse: Worse<'_>) -> Cmd {
        self.cmd("after", seconds, worse)
    }

    fn cmd(&self, verb: &str, seconds: u64, worse: Worse<'_>) -> Cmd {
        let (service, container) = (self.service.unwrap_or_default(), self.container.unwrap_or_default());
        let fails = if worse.fails { "fails" } else { "" };
        let seconds = seconds.to_string();
        let site = [verb, self.dir, self.project, service, container, self.host, &seconds, worse.undo, fails];
        let pages = self.pages.iter().flat_map(|page| {
            [page.name.clone(), page.path.clone(), page.status.to_string(), page.contains.clone()]
        });
        Cmd::script(WATCH, site).args([COMPARE, COUNT, slots::UPSTREAMS].map(|awk| awk.text())).args(pages)
    }
}

/// How the line begins that tells of a worse release.
pub const WORSE: &str = "worse: ";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the test's own shell and awk")]
    fn program(name: &str) -> Command {
        Command::new(name)
    }

    /// So many good samples of a page around a time in milliseconds, the last of them later.
    fn samples(page: &str, number: usize, millis: usize, late: usize) -> String {
        let time = |n: usize| millis + n % 5 + if n + late >= number { 500 } else { 0 };
        (0..number).map(|n| format!("page\t{page}\t200\t0.{:03}\t1\n", time(n))).collect()
    }

    fn failed(page: &str, status: u16, number: usize) -> String {
        format!("page\t{page}\t{status:03}\t0.001\t0\n").repeat(number)
    }

    /// What is said of two measurements, without the table's head, and the exit code.
    fn compared(before: &str, after: &str, more: &[&str]) -> (String, i32) {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("before"), dir.path().join("after"));
        std::fs::write(&one, before).unwrap();
        std::fs::write(&two, after).unwrap();
        let mut awk = program("awk");
        awk.args(["-v", "mode=table", "-v", "back=to go back: X"]).args(more).arg(COMPARE.text());
        let out = awk.arg("when=before").arg(one).arg("when=after").arg(two).output().unwrap();
        assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
        let said = String::from_utf8(out.stdout).unwrap();
        (said.split_once('\n').unwrap().1.to_owned(), out.status.code().unwrap())
    }

    #[test]
    fn a_table_tells_before_and_after_and_ends_with_the_verdict() {
        let before = samples("/web/login", 20, 30, 0) + &samples("portal", 20, 50, 0) + "nginx\t812\t0\t10\n";
        let after = samples("/web/login", 30, 33, 1)
            + &samples("portal", 30, 250, 0)
            + "nginx\t300\t1\t3\n"
            + "nginx\t340\t1\t27\n";
        let (said, code) = compared(&before, &after, &[]);
        assert_eq!(code, 1);
        let wanted = "\
/web/login  20 -> 30    32 -> 35 ms   34 -> 37 ms   0 -> 0  -               no worse
portal      20 -> 30    52 -> 252 ms  54 -> 254 ms  0 -> 0  -               worse: p50 52 -> 252 ms, p95 54 -> 254 ms
nginx       812 -> 640  -             -             0 -> 2  1.2 % -> 4.7 %  worse: 2 new 5xx, 404 1.2 % -> 4.7 %
worse: portal p50 52 -> 252 ms, p95 54 -> 254 ms (n 20 -> 30); nginx 2 new 5xx, 404 1.2 % -> 4.7 % (n 812 -> 640); to go back: X
";
        assert_eq!(said, wanted);
    }

    /// The last line of the verdict.
    #[track_caller]
    fn judged(before: &str, after: &str, wanted: &str) {
        let (said, code) = compared(before, after, &[]);
        let last = said.lines().last().unwrap();
        assert!(last.starts_with(wanted), "{wanted}\n{said}");
        assert_eq!(code, i32::from(wanted.starts_with(WORSE)), "{said}");
    }

    #[test]
    fn noise_is_not_worse_and_what_is_more_than_noise_is() {
        let page = |number, millis, late| samples("/web/login", number, millis, late);
        let usual = page(20, 100, 0);
        judged(&usual, &page(30, 100, 0), "no worse than before");
        // A fifth more, and 20 ms: both.
        judged(&usual, &page(30, 117, 0), "no worse");
        judged(&usual, &page(30, 125, 0), "worse: /web/login p50");
        judged(&page(20, 10, 0), &page(30, 28, 0), "no worse");
        judged(&page(20, 10, 0), &page(30, 36, 0), "worse: /web/login p50 12 -> 38 ms");
        // Some late answers are chance, and so are as many as before.
        judged(&usual, &page(30, 100, 5), "no worse");
        judged(&usual, &page(30, 100, 6), "worse: /web/login p95 104 -> ");
        judged(&page(30, 100, 0), &page(120, 100, 14), "no worse");
        judged(&page(30, 100, 0), &page(120, 100, 15), "worse: /web/login p95 104 -> ");
        judged(&page(30, 100, 14), &page(30, 100, 16), "no worse");
        // Few samples tell nothing.
        judged(&usual, &page(19, 400, 0), "too few samples to tell");
        judged(&page(19, 100, 0), &page(30, 400, 0), "too few samples to tell");
        judged("", &page(30, 400, 0), "nothing to compare with");
    }

    #[test]
    fn errors_and_failures_count_with_their_sample_size() {
        let good = |number| samples("/web/login", number, 100, 0);
        let with = |good: String, bad: &str| good + bad;
        judged(&good(20), &with(good(28), &failed("/web/login", 404, 2)), "no worse");
        let three = with(good(27), &failed("/web/login", 404, 3));
        judged(&good(20), &three, "worse: /web/login 3 of 30 failed (n 20 -> 30)");
        let one = with(good(29), &failed("/web/login", 502, 1));
        judged(&good(20), &one, "worse: /web/login 1 new 5xx (n 20 -> 30)");
        // What failed before, too, is no news.
        let before = with(good(18), &failed("/web/login", 502, 2));
        judged(&before, &with(good(26), &failed("/web/login", 502, 4)), "too few samples");
        judged(&with(good(20), &failed("/web/login", 0, 2)), &three, "no worse");

        let nginx = |line: &str| with(good(30), &format!("nginx\t{}\n", line.replace(' ', "\t")));
        judged(&nginx("5 0 0"), &nginx("7 1 0"), "worse: nginx 1 new 5xx (n 5 -> 7)");
        judged(&nginx("1000 10 50"), &nginx("1000 11 55"), "no worse");
        judged(&nginx("1000 10 50"), &nginx("1000 30 55"), "worse: nginx 5xx 10 -> 30 (n 1000 -> 1000)");
        judged(&nginx("1000 0 50"), &nginx("1000 0 90"), "worse: nginx 404 5.0 % -> 9.0 %");
        judged(&nginx("40 0 2"), &nginx("40 0 3"), "no worse");
        judged(&good(30), &nginx("40 3 30"), "no worse");
        let (said, _) = compared(&good(20), &good(30), &["-v", "unread=access_log off"]);
        assert!(said.contains("not known: access_log off"), "{said}");
        let (said, code) = compared("", &failed("/web/login", 0, 3), &["-v", "broken=3"]);
        assert!(said.ends_with("worse: /web/login failed 3 times in a row; to go back: X\n"), "{said}");
        assert_eq!(code, 1);
    }

    fn counted(log: &str, since: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("log");
        std::fs::write(&file, log).unwrap();
        let mut awk = program("awk");
        let (_, parser) = include_str!("json.sh").split_once("json_parser='").unwrap();
        let (parser, _) = parser.split_once("\n'\n").unwrap();
        let program = format!("{parser}\n{}", COUNT.text());
        let out = awk.args(["-v", &format!("since={since}"), &program]).arg(file).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    }

    #[test]
    fn a_log_is_counted_by_status_and_time_and_without_our_own_requests() {
        let line = |at: &str, status: u16, agent: &str| {
            format!("10.0.0.1 - - [{at}] \"GET /x HTTP/1.1\" {status} 5 \"-\" \"{agent}\"\n")
        };
        let log = line("21/Nov/2026:07:35:43 +0000", 404, "Firefox")
            + &line("21/Nov/2026:07:45:44 +0000", 200, "Firefox")
            + &line("21/Nov/2026:09:45:44 +0200", 502, "Firefox")
            + &line("21/Nov/2026:09:45:44 +0200", 502, "ops-watch")
            + "{\"time\":\"2026-11-21T07:45:44+00:00\",\"status\": \"404\"}\n"
            + "{\"time\":\"2026-11-21T07:45:43Z\",\"status\":500}\nno line of a log\n";
        assert_eq!(counted(&log, "0"), "5 2 2\n");
        assert_eq!(counted(&log, "1795247144"), "3 1 1\n");
        // What cannot be read is not known, and an empty log is no request.
        assert_eq!(counted("no line of a log\n", "0"), "");
        assert_eq!(counted("x \"GET /\" 200 5\n", "1795247144"), "");
        assert_eq!(counted("", "1795247144"), "0 0 0\n");
        // 29 February, the turn of a year.
        for (at, since) in
            [("29/Feb/2028:12:00:00 +0000", 1_835_438_400), ("01/Jan/2027:00:00:00 -0100", 1_798_765_200)]
        {
            assert_eq!(counted(&line(at, 200, "x"), &since.to_string()), "1 0 0\n", "{at}");
            assert_eq!(counted(&line(at, 200, "x"), &(since + 1).to_string()), "0 0 0\n", "{at}");
        }
    }

    const CONFIG: &str = r#"
http { access_log /all.log; include /etc/nginx/sites-enabled/*; }
stream { access_log /stream.log; server { listen 1; } }
upstream odoo { server 127.0.0.1:8069; }
server { listen 80; server_name erp.lab; access_log off; }
server { server_name www.erp.lab "erp.lab"; location /f { access_log off; } access_log LOG combined; access_log /2; }
server { server_name plain.lab; location / { access_log /location.log; } }
server { server_name silent.lab; access_log off; }
"#;

    #[test]
    fn the_log_of_a_site_is_found_in_the_configuration() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("conf");
        std::fs::write(&file, CONFIG).unwrap();
        for (site, log) in
            [("erp.lab", "LOG"), ("plain.lab", "/all.log"), ("silent.lab", "off"), ("other.lab", "/all.log")]
        {
            let mut awk = program("awk");
            awk.env("OPS_SITE", site).args(["-v", "mode=log", &slots::UPSTREAMS.text()]).arg(&file);
            assert_eq!(String::from_utf8(awk.output().unwrap().stdout).unwrap().trim(), log, "{site}");
        }
    }

    /// A droplet on which curl says what the file `page` holds, and nginx what it logs.
    struct Bench(tempfile::TempDir);

    impl Bench {
        fn new() -> Self {
            let bench = Self(tempfile::tempdir().unwrap());
            let tool = |name: &str, text: &str| {
                let file = bench.at(name);
                std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
            };
            tool("curl", &format!("cat '{}'", bench.at("page").display()));
            tool("nginx", &format!("cat '{}'", bench.at("conf").display()));
            let log = bench.at("access.log").to_string_lossy().into_owned();
            std::fs::write(bench.at("conf"), CONFIG.replace("LOG", &log)).unwrap();
            bench.page("200 0.010");
            bench.log("access.log", "", 0);
            bench
        }

        fn at(&self, name: &str) -> std::path::PathBuf {
            self.0.path().join(name)
        }

        fn page(&self, says: &str) {
            std::fs::write(self.at("page"), says).unwrap();
        }

        fn log(&self, file: &str, status: &str, lines: usize) {
            use std::io::Write;
            let mut log = std::fs::OpenOptions::new().create(true).append(true).open(self.at(file)).unwrap();
            write!(log, "{}", format!("x \"GET /\" {status} 5\n").repeat(lines)).unwrap();
        }

        #[expect(clippy::disallowed_methods, reason = "the test's own tools are on the path")]
        fn start(&self, seconds: Option<u64>, fails: bool) -> std::process::Child {
            let pages = [Page { contains: String::new(), ..Page::login() }];
            let dir = self.at("watch").to_string_lossy().into_owned();
            let site = Site {
                dir: &dir,
                project: "p",
                service: None,
                container: None,
                host: "erp.lab",
                pages: &pages,
            };
            let cmd = match seconds {
                None => site.before(),
                Some(seconds) => site.after(seconds, Worse { undo: "ops runs undo r", fails }),
            };
            let path = format!("{}:{}", self.0.path().display(), std::env::var("PATH").unwrap());
            let mut shell = program("sh");
            shell.arg("-c").arg(cmd.to_shell()).env("PATH", path).env("OPS_HALT", self.at("halt"));
            shell.stdout(Stdio::piped()).spawn().unwrap()
        }

        fn run(&self, seconds: Option<u64>, fails: bool) -> (Option<i32>, String) {
            ended(self.start(seconds, fails))
        }

        fn await_file(&self, name: &str) {
            let end = Instant::now() + Duration::from_secs(30);
            let there = |file: &Path| std::fs::metadata(file).is_ok_and(|file| file.len() > 0);
            while !there(&self.at(name)) {
                assert!(Instant::now() < end, "no {name}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn ended(child: std::process::Child) -> (Option<i32>, String) {
        let out = child.wait_with_output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    }

    #[test]
    fn a_worse_release_fails_only_where_it_shall_go_back() {
        let bench = Bench::new();
        let (code, said) = bench.run(None, false);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("/web/login p50 10 ms, p95 10 ms (n 30)"), "{said}");
        bench.page("200 0.250");
        let (code, said) = bench.run(Some(3), false);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("\nworse: /web/login p50 10 -> 250 ms"), "{said}");
        assert!(said.ends_with("to go back: ops runs undo r\n"), "{said}");
        let (code, said) = bench.run(Some(3), true);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.ends_with("it goes back\n"), "{said}");
        // Clearly broken: it does not take its time.
        bench.page("502 0.001");
        let begun = Instant::now();
        let (code, said) = bench.run(Some(60), true);
        assert!(begun.elapsed() < Duration::from_secs(40) && code == Some(1), "{said}");
        assert!(said.contains("worse: /web/login failed 3 times in a row"), "{said}");
    }

    #[test]
    fn whoever_ends_the_watching_takes_nothing_back() {
        let bench = Bench::new();
        bench.run(None, false);
        bench.page("502 0.001");
        std::fs::write(bench.at("halt"), "").unwrap();
        let (code, said) = bench.run(Some(600), true);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("watching ended early, after 0 s: the release stays"), "{said}");
    }

    #[test]
    fn a_log_is_followed_through_its_rotation() {
        let bench = Bench::new();
        bench.log("access.log", "500", 7);
        bench.run(None, false);
        let child = bench.start(Some(4), false);
        bench.await_file("watch/after");
        bench.log("access.log", "200", 2);
        std::fs::rename(bench.at("access.log"), bench.at("access.log.1")).unwrap();
        bench.log("access.log.1", "404", 3);
        bench.log("access.log", "503", 1);
        let (code, said) = ended(child);
        assert_eq!(code, Some(0));
        // What stood there before does not count, and what was measured before is not forgotten.
        assert!(said.contains("/web/login  30 -> "), "{said}");
        let row = said.lines().find(|line| line.starts_with("nginx")).unwrap();
        let row = row.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(row.starts_with("nginx - -> 6 - - - -> 1 - -> 50.0 %"), "{said}");
    }
}
