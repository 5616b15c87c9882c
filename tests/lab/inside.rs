//! A person's own programs on a droplet and in its containers: at a terminal, and without one.

use std::io::Write;
use std::process::Stdio;

use crate::droplet::{DEMO, Droplet};
use crate::laptop::Laptop;
use crate::terminal::{CTRL_C, Terminal};

lab_test!(lab, demo, programs_in_containers_have_their_input_and_protected_data_is_only_read);
fn programs_in_containers_have_their_input_and_protected_data_is_only_read() {
    let laptop = Laptop::with(&[("  demo:\n", "  demo:\n    protected: true\n")]);
    let droplet = DEMO.seeded(&["standin"]);
    let mut child = laptop
        .command(&["exec", "demo", "--service", "odoo", "--", "sh", "-c", "cat; id -un; exit 7"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"from the laptop\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "from the laptop\nodoo\n");

    laptop
        .ops(&["psql", "demo", "--", "-Atc", "select 6 * 7"])
        .exits(0)
        .says(&["42", "this session only reads"]);
    let table = ["-v", "ON_ERROR_STOP=1", "-Atc", "create table slip (i int)"];
    laptop.ops(&[&["psql", "demo", "--"], &table[..]].concat()).exits(1).says(&["read-only transaction"]);
    laptop
        .ops(&[&["psql", "demo", "--write", "--"], &table[..]].concat())
        .exits(3)
        .says(&["--confirm demo --"]);
    laptop.ops(&[&["psql", "demo", "--write", "--confirm", "demo", "--"], &table[..]].concat()).exits(0);
    assert_eq!(droplet.sql("select count(*) from slip"), "0");

    droplet.root("docker stop -t 1 odoo-odoo-1");
    laptop.ops(&["shell", "demo", "odoo"]).exits(1).says(&["odoo does not run", "exited"]);
    laptop.ops(&["shell", "demo", "odo"]).exits(2).says(&["did you mean odoo?"]);
    let audit = laptop.ops(&["audit", "demo", "--verify"]).exits(0);
    audit
        .says(&["alice@", "psql-write", "odoo: sh -c", "create table slip"])
        .never_says(&["from the laptop"]);
}

lab_test!(lab, demo, logs_of_all_containers_come_in_one_order_and_are_followed_through_a_deploy);
fn logs_of_all_containers_come_in_one_order_and_are_followed_through_a_deploy() {
    let laptop = Laptop::new();
    let droplet = DEMO.fresh();
    laptop.deploy("demo", "standin", &[]).exits(0);
    let say = |container: &str, text: &str| {
        droplet.root(&format!("docker exec {container} sh -c 'printf \"{text}\\n\" >/proc/1/fd/1'"));
    };
    say("odoo-odoo-1", "lab first");
    droplet.sql("do $$ begin raise log '% %', 'lab', E'second\\x1b[31m'; end $$");
    say("odoo-odoo-1", "lab third");
    let said = laptop.ops(&["logs", "demo", "--grep", "lab (first|second|third)"]).exits(0).out;
    let lines: Vec<_> = said.lines().collect();
    let [first, second, third] = lines.as_slice() else { panic!("{said}") };
    assert_eq!((*first, *third), ("odoo | lab first", "odoo | lab third"));
    assert!(
        second.starts_with("db   | ") && second.contains("lab second") && !said.contains('\u{1b}'),
        "{said}"
    );
    let of_one = laptop.ops(&["logs", "demo", "db", "--grep", "lab"]).exits(0);
    of_one.says(&["lab second"]).never_says(&["lab first"]);
    laptop.ops(&["logs", "demo", "nowhere"]).exits(2).says(&["no service nowhere", "db, odoo"]);
    laptop.ops(&["logs", "demo", "--grep", "("]).exits(2).says(&["unclosed group"]);

    let file = laptop.file("followed");
    let out = std::fs::File::create(&file).unwrap();
    let mut follow = laptop.command(&["logs", "demo", "-f", "--output", "json"]).stdout(out).spawn().unwrap();
    let hears = |text: &str| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !std::fs::read_to_string(&file).unwrap().contains(text) {
            assert!(std::time::Instant::now() < deadline, "{text} was not heard");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    };
    hears("lab third");
    say("odoo-odoo-1", "lab fourth");
    hears("lab fourth");
    droplet.root("docker restart -t 1 odoo-odoo-1");
    say("odoo-odoo-1", "lab after a restart");
    hears("lab after a restart");
    laptop.deploy("demo", "standin-code", &[]).exits(0);
    say(&droplet.web(), "lab from the new one");
    hears("lab from the new one");
    follow.kill().unwrap();
    follow.wait().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("lab fourth").count(), 1, "{text}");
}

lab_test!(lab, demo, following_logs_ends_with_ctrl_c_and_when_nobody_reads_them);
fn following_logs_ends_with_ctrl_c_and_when_nobody_reads_them() {
    let (laptop, droplet) = (Laptop::new(), DEMO.fresh());
    laptop.deploy("demo", "standin", &[]).exits(0);
    let mut terminal = Terminal::start(laptop.command(&["logs", "demo", "-f"]));
    terminal.sees("database system is ready").types(CTRL_C);
    assert_eq!(terminal.ends(), 0, "{}", terminal.shown());
    assert!(!terminal.shown().contains("Error"), "{}", terminal.shown());

    let mut follow = laptop.command(&["logs", "demo", "-f"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    let mut lines = std::io::BufReader::new(follow.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut lines, &mut first).unwrap();
    drop(lines);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while follow.try_wait().unwrap().is_none() {
        assert!(std::time::Instant::now() < deadline, "it goes on for nobody");
        droplet.root("docker exec odoo-odoo-1 sh -c 'echo still here >/proc/1/fd/1'; sleep 0.2");
    }
    assert_eq!(follow.wait().unwrap().code(), Some(0), "{first}");
}

lab_test!(lab, demo, a_terminal_is_one_over_there_with_its_size_and_its_ctrl_c);
fn a_terminal_is_one_over_there_with_its_size_and_its_ctrl_c() {
    let laptop = Laptop::new();
    DEMO.fresh();
    let mut terminal = Terminal::start(laptop.command(&["shell", "demo"]));
    terminal.sees("root@demo-1");
    for (columns, lines) in [(101, 37), (80, 24)] {
        // The news of the window takes its own way.
        let until = format!("until stty size | grep -x '{lines} {columns}'; do sleep 0.1; done\n");
        terminal.resize(columns, lines).types(&until).sees(&format!("{lines} {columns} root@demo-1"));
    }
    // What is written by the program, and not what was typed.
    terminal.types("echo now $((6 * 7)); sleep 1000\n").sees("now 42");
    terminal.types(CTRL_C).sees("root@demo-1").types("echo here $((7 * 7))\n").sees("here 49");
    terminal.types("exit 9\n");
    assert_eq!(terminal.ends(), 9, "{}", terminal.shown());
    let program = ["exec", "demo", "--", "sh", "-c", "echo begun; sleep 1000"];
    let mut terminal = Terminal::start(laptop.command(&program));
    terminal.sees("begun");
    // ssh's connection writes what comes before ssh itself has made the terminal the program's.
    std::thread::sleep(std::time::Duration::from_secs(1));
    terminal.types(CTRL_C);
    assert_eq!(terminal.ends(), 130, "{}", terminal.shown());
}

/// Python on Odoo's own models; only what is committed is kept, and no container stays.
pub fn odoos_own_shell(droplet: Droplet) {
    let laptop = Laptop::new();
    let containers = || droplet.root("docker ps -aq | sort");
    let before = containers();
    let python = |text: &str| python(&laptop, droplet, text);
    let make = "env['res.partner'].create({'name': 'lab shell'})\n";
    let said = python(&format!("{make}print('there are', 6 * 7, env['res.users'].browse(2).login)\n"));
    assert!(said.contains("there are 42 admin"), "{said}");
    let kept = || droplet.sql("select count(*) from res_partner where name = 'lab shell'");
    assert_eq!(kept(), "0");
    python(&format!("{make}env.cr.commit()\n"));
    assert_eq!((kept().as_str(), containers()), ("1", before));
}

/// What Odoo's shell says to this text.
pub fn python(laptop: &Laptop, droplet: Droplet, text: &str) -> String {
    let mut child = laptop
        .command(&["odoo-shell", droplet.env])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&said));
    String::from_utf8_lossy(&said).into_owned()
}
