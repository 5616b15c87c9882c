//! `ops harden` mends what it may, and whoever it locks out is let in again by the droplet itself.

use crate::droplet::{DEMO, Droplet, lab};
use crate::laptop::{Laptop, Ran};
use crate::terminal::{CTRL_C, CTRL_D, Terminal};

/// What can be mended on a droplet of the lab.
const RULES: &str =
    "ssh.root,ssh.attempts,ssh.forwarding,ssh.modes,secrets.files,docker.live,firewall.active";

/// All files that are touched, with their modes, to the byte, and what those who read them do.
pub const STATE: &str = "for file in /etc/ssh/sshd_config.d/* /etc/docker/daemon.json /etc/systemd/journald.conf.d/* /etc/ufw/user.rules \
    /etc/ufw/user6.rules /etc/ufw/ufw.conf /etc/default/ufw /opt/odoo/.env /root/.ssh; do \
    [ ! -e $file ] || { stat -c '%n %a %u %g' $file; [ -d $file ] || sha256sum <$file; }; done; ufw status | head -n 1; sshd -T | sort; \
    docker info -f '{{.LiveRestoreEnabled}}'; ls -d /var/log/journal; for tables in iptables ip6tables; do $tables -S | grep '^-P'; done";

/// The guard waits a short time.
pub fn laptop(guard: &str) -> Laptop {
    let url = "    url: http://erp.lab\n";
    Laptop::with(&[(url, &format!("{url}    harden: {{ guard: {guard} }}\n"))])
}

/// A droplet on which each of these rules fails.
pub fn loose() -> Droplet {
    let droplet = DEMO.seeded(&["standin"]);
    droplet.root(
        "rm -f /etc/ssh/sshd_config.d/00-ops.conf; echo 'PermitRootLogin yes' >/etc/ssh/sshd_config.d/60-cloud.conf; systemctl reload ssh
         chmod 755 /root/.ssh; chmod 644 /opt/odoo/.env; chown :101 /opt/odoo/odoo.conf; chmod 640 /opt/odoo/odoo.conf; ufw --force disable >/dev/null",
    );
    droplet
}

pub fn harden(laptop: &Laptop, more: &[&str]) -> Ran {
    let mut args = vec!["harden", "demo", "--only", RULES];
    args.extend(more);
    laptop.ops(&args)
}

pub fn what_may_be_mended_is_once_and_users_notice_nothing() {
    let droplet = loose();
    let laptop = laptop("30s");
    let before = droplet.root(STATE);
    // Nobody said yes: shown, and nothing else.
    harden(&laptop, &[]).exits(3).says(&[
        "+PermitRootLogin prohibit-password",
        "log in anew within 30 s",
        "\"live-restore\": true",
    ]);
    harden(&laptop, &["--dry-run"]).exits(9);
    assert_eq!(droplet.root(STATE), before);
    let ran = harden(&laptop, &["--yes"]).exits(0).says(&["nothing to mend", "harden.prove"]);
    laptop.ops(&["harden", "status", "demo"]).exits(0).says(&["access", "stays"]).never_says(&["put back"]);
    let after = droplet.root(STATE);
    assert!(
        after.contains("permitrootlogin without-password") && after.contains("Status: active"),
        "{ran}\n{after}"
    );
    assert!(after.contains("/opt/odoo/.env 600") && after.contains("/root/.ssh 700"), "{after}");
    assert!(droplet.login_page().contains("oe_login_form"));
    harden(&laptop, &["--yes"]).exits(0).never_says(&["harden.prove"]);
    assert_eq!(droplet.root(STATE), after);
    // The clock of the lab is the machine's: the rule stays, its file does not come a second time.
    let journal = ["harden", "demo", "--only", "system.journal", "--yes"];
    laptop.ops(&journal).exits(9).says(&["harden.journal", "the clock is set by nobody"]);
    laptop.ops(&journal).exits(9).never_says(&["harden.journal"]);
    assert_eq!(
        droplet.root("journalctl --disk-usage >/dev/null; ls -d /var/log/journal"),
        "/var/log/journal"
    );
}

/// As the droplet is reached without the lab's own way to it, by every port.
pub fn direct(droplet: Droplet) -> Laptop {
    let (inside, inventory) = (
        droplet.root("ip -4 -o addr show eth0 | awk '{ sub(\"/.*\", \"\", $4); print $4 }'"),
        lab(&["inventory"]),
    );
    let word =
        |key: &str| inventory.lines().find_map(|line| line.trim().strip_prefix(key)).unwrap().to_owned();
    let (known, host) = (word("known_hosts: "), word("- { name: demo-1, host: "));
    let host = host.split(',').next().unwrap();
    let laptop = Laptop::with(&[(&format!("known_hosts: {known}"), "known_hosts: known"), (host, &inside)]);
    let keys = std::fs::read_to_string(known).unwrap().replace(host, &inside);
    std::fs::write(laptop.file("known"), keys).unwrap();
    laptop
}

lab_test!(lab, demo, what_docker_opens_behind_the_firewall_is_found_from_outside);
/// Docker's ports pass ufw by: only a look from outside shows them.
fn what_docker_opens_behind_the_firewall_is_found_from_outside() {
    let droplet = loose();
    let laptop = direct(droplet);
    laptop.ops(&["harden", "demo", "--only", "firewall.active", "--yes"]).exits(0).says(&["nothing to mend"]);
    let audit = ["harden", "demo", "--audit", "--only", "firewall.active,firewall.outside"];
    laptop.ops(&audit).exits(0);
    droplet.root("docker run -d --name door -p 0.0.0.0:5432:5432 -e POSTGRES_PASSWORD=x registry.lab:5000/postgres:15 >/dev/null; sleep 5");
    laptop
        .ops(&audit)
        .exits(9)
        .says(&["open to this laptop: 5432", "(firewall.outside)"])
        .never_says(&["(firewall.active)"]);
    laptop
        .ops(&["harden", "demo", "--only", "firewall.docker", "--yes"])
        .exits(0)
        .says(&["harden.docker-user"]);
    laptop.ops(&audit).exits(0);
    droplet.root("systemctl restart docker && docker start door >/dev/null; sleep 5; docker exec door true");
    laptop.ops(&audit).exits(0);
    let run = laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    laptop.ops(&audit).exits(9);
    assert_eq!(
        droplet.root(
            "ls /usr/local/sbin/ops-docker-user /etc/systemd/system/ops-docker-user.service 2>/dev/null || :"
        ),
        ""
    );
}

lab_test!(lab, demo, lynis_and_ssh_audit_see_what_was_mended);
/// Two auditors that are not ours, before and after.
fn lynis_and_ssh_audit_see_what_was_mended() {
    let droplet = loose();
    let inside = droplet.root(
        "printf '%s\\n' 'Ciphers +aes128-cbc' 'MACs +hmac-sha1' 'X11Forwarding yes' >>/etc/ssh/sshd_config.d/60-cloud.conf; systemctl reload ssh
         ip -4 -o addr show eth0 | awk '{ sub(\"/.*\", \"\", $4); print $4 }'",
    );
    let ssh_audit = || lab(&["root", "services", "sh", "-c", &format!("ssh-audit -n {inside}; true")]);
    let lynis = || {
        droplet.root(
            "lynis audit system --quick --no-colors --quiet --tests-from-group ssh </dev/null >/dev/null 2>&1
             grep '^suggestion.*SSH-7408' /var/log/lynis-report.dat || :",
        )
    };
    let old = ["aes128-cbc", "hmac-sha1"];
    let wrong = ["X11Forwarding", "PermitRootLogin", "AllowAgentForwarding"];
    let (algorithms, settings) = (ssh_audit(), lynis());
    assert!(old.iter().all(|one| algorithms.contains(one)), "{algorithms}");
    assert!(wrong.iter().all(|one| settings.contains(one)), "{settings}");
    let rules = "ssh.root,ssh.forwarding,ssh.algorithms";
    laptop("30s").ops(&["harden", "demo", "--only", rules, "--yes"]).exits(0).says(&["nothing to mend"]);
    let (algorithms, settings) = (ssh_audit(), lynis());
    assert!(algorithms.contains("(kex)") && !old.iter().any(|one| algorithms.contains(one)), "{algorithms}");
    assert!(!wrong.iter().any(|one| settings.contains(one)), "{settings}");
}

lab_test!(lab, demo, who_may_log_in_is_listed_and_updates_come_by_themselves);
/// By those who may log in today; and apt is told by the file that it reads last.
fn who_may_log_in_is_listed_and_updates_come_by_themselves() {
    let droplet = loose();
    // Only its name is looked for here: what it does is apt's affair.
    droplet.root(
        "printf '#!/bin/sh\\n' >/usr/local/bin/unattended-upgrade; chmod +x /usr/local/bin/unattended-upgrade
         useradd -m -s /bin/bash alice; mkdir -p /home/alice/.ssh; cp /root/.ssh/authorized_keys /home/alice/.ssh/; chown -R alice: /home/alice/.ssh
         useradd -m -s /usr/sbin/nologin files; cp -r /home/alice/.ssh /home/files/; chown -R files: /home/files/.ssh
         useradd -m -s /bin/bash keyless",
    );
    let laptop = laptop("30s");
    let rules = ["harden", "demo", "--only", "ssh.password,ssh.allowed,system.unattended", "--yes"];
    laptop.ops(&rules).exits(0).says(&["+AllowUsers alice deploy", "nothing to mend"]);
    let listed = droplet.root("sshd -T | sed -n 's/^allowusers //p'");
    let named: Vec<_> =
        listed.lines().filter(|name| ["alice", "files", "keyless", "root"].contains(name)).collect();
    assert_eq!(named, ["alice", "files", "root"], "{listed}");
    assert_eq!(droplet.root("apt-config shell on APT::Periodic::Unattended-Upgrade"), "on='1'");
    laptop.ops(&rules).exits(0).never_says(&["harden.prove"]);
    let run = laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert_eq!(droplet.root("sshd -T | grep ^allowusers; ls /etc/apt/apt.conf.d/60ops 2>/dev/null; :"), "");
    droplet.root(
        "for one in alice files keyless; do userdel -r $one; done; rm /usr/local/bin/unattended-upgrade",
    );
}

lab_test!(lab, demo, a_weak_key_goes_what_was_read_first_is_read_later_and_who_guesses_is_banned);
/// A weak key beside a better one, a file that sshd read before ours, and whoever guesses. Who has no better key keeps theirs.
fn a_weak_key_goes_what_was_read_first_is_read_later_and_who_guesses_is_banned() {
    let droplet = loose();
    droplet.root(
        "printf '%s\\n' 'PermitRootLogin yes' 'PrintMotd no' >/etc/ssh/sshd_config.d/00-a.conf; systemctl reload ssh
         for one in alice bob; do useradd -m $one; mkdir /home/$one/.ssh; ssh-keygen -q -t rsa -b 2048 -N '' -C old@$one -f /root/old
             cat /root/old.pub >>/home/$one/.ssh/authorized_keys; rm /root/old*; done
         cat /root/.ssh/authorized_keys >>/home/alice/.ssh/authorized_keys
         for one in alice bob; do chown -R $one: /home/$one/.ssh; chmod -R go= /home/$one/.ssh; done",
    );
    let state = "sha256sum /home/*/.ssh/authorized_keys; stat -c '%a %U %G' /home/*/.ssh/authorized_keys; ls /etc/fail2ban/jail.d; \
        systemctl is-enabled fail2ban; systemctl is-active fail2ban; iptables -S | grep f2b; :";
    let (before, more) = (droplet.root(STATE), droplet.root(state));
    let laptop = laptop("40s");
    let rules = ["harden", "demo", "--only", "ssh.root,ssh.overruled,ssh.keys,firewall.bans", "--yes"];
    laptop
        .ops(&rules)
        .exits(9)
        .says(&["old@alice", "ignoreip", "RSA 2048 of bob"])
        .never_says(&["old@bob) is not"]);
    assert_eq!(
        droplet.root("ls /etc/ssh/sshd_config.d"),
        "00-ops.conf\n01-00-a.conf\n10-lab.conf\n60-cloud.conf"
    );
    assert_eq!(
        droplet.root("sshd -T | grep -E '^(permitrootlogin|printmotd) '"),
        "permitrootlogin without-password\nprintmotd no"
    );
    let keys = "ssh-keygen -lf /home/alice/.ssh/authorized_keys";
    assert!(!droplet.root(keys).contains("old@") && droplet.root(keys).contains("(ED25519)"));
    let banned =
        "fail2ban-client set sshd banip 203.0.113.9 >/dev/null; sleep 2; iptables -S | grep -c 203.0.113.9";
    assert_eq!(droplet.root(banned), "1");
    laptop.ops(&rules).exits(9).never_says(&["harden.prove"]);
    let run = laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert_eq!((droplet.root(STATE), droplet.root(state)), (before, more));
}

lab_test!(lab, demo, no_link_in_a_home_leads_root_to_another_file);
/// What is in a home is its owner's: root writes to no file that a link of theirs leads to.
fn no_link_in_a_home_leads_root_to_another_file() {
    let droplet = loose();
    droplet.root(
        "useradd -m mallory; mkdir /home/mallory/.ssh; ssh-keygen -q -t rsa -b 2048 -N '' -C old@root -f /root/old
         cp /root/.ssh/authorized_keys /root/other; cat /root/old.pub >>/root/other; rm /root/old*
         ln -s /root/other /home/mallory/.ssh/authorized_keys; chown -h mallory: /home/mallory/.ssh /home/mallory/.ssh/authorized_keys",
    );
    let other = droplet.root("sha256sum </root/other");
    let laptop = laptop("15s");
    let rule = ["harden", "demo", "--only", "ssh.keys"];
    laptop.ops(&rule).exits(9).says(&["RSA 2048 of mallory"]).never_says(&["harden.keys"]);
    // The link comes while somebody reads the plan.
    let home = "cd /home/mallory/.ssh && rm authorized_keys";
    droplet.root(&format!("{home} && cp /root/other authorized_keys && chown mallory: authorized_keys"));
    let mut terminal = Terminal::start(laptop.command(&rule));
    terminal.is_asked("Carry out this plan: harden demo on demo-1? [y/N]");
    droplet
        .root(&format!("{home} && ln -s /root/other authorized_keys && chown -h mallory: authorized_keys"));
    terminal.types("y\n").sees("mallory has no authorized_keys that is a file of their own");
    assert_eq!(terminal.ends(), 6, "{}", terminal.shown());
    assert_eq!(droplet.root("sha256sum </root/other"), other);
}

lab_test!(lab, demo, modes_are_set_only_where_nobody_could_put_another_file_in_the_place);
/// What somebody else than its owner could put another in the place of.
fn modes_are_set_only_where_nobody_could_put_another_file_in_the_place() {
    let droplet = loose();
    let laptop = laptop("15s");
    let rule = ["harden", "demo", "--only", "secrets.files", "--yes"];
    let mode = || droplet.root("stat -c %a /opt/odoo/.env");
    droplet.root("chown deploy /opt/odoo; chown root /opt/odoo/.env");
    laptop.ops(&rule).exits(9).says(&["done      harden.modes"]);
    assert_eq!(mode(), "644");
    droplet.root("chown deploy /opt/odoo/.env");
    laptop.ops(&rule).exits(0);
    assert_eq!(mode(), "600");
    let run = laptop.json(&["runs", "list", "demo"])["runs"][0]["id"].as_str().unwrap().to_owned();
    laptop.ops(&["runs", "undo", &run, "--yes"]).exits(0);
    assert_eq!(mode(), "644");
    droplet.root("chown root /opt/odoo");
    laptop.ops(&rule).exits(0);
    assert_eq!(mode(), "600");
}

lab_test!(lab, demo, a_person_chooses_what_is_mended);
fn a_person_chooses_what_is_mended() {
    let droplet = loose();
    let laptop = laptop("30s");
    let before = droplet.root(STATE);
    let asked = || {
        let mut terminal = Terminal::start(laptop.command(&["harden", "demo"]));
        terminal.is_asked("n: none:");
        terminal
    };
    for (answer, code) in [("n\n", 3), (CTRL_D, 3), (CTRL_C, 130), ("nonsense\n", 2), ("system.reboot\n", 2)]
    {
        let mut terminal = asked();
        terminal.types(answer);
        assert_eq!(terminal.ends(), code, "{answer:?}\n{}", terminal.shown());
    }
    let mut terminal = asked();
    terminal
        .types("ssh.attempts, docker.live\n")
        .is_asked("Carry out this plan: harden demo on demo-1? [y/N]")
        .types("n\n");
    assert_eq!(terminal.ends(), 3, "{}", terminal.shown());
    assert_eq!(droplet.root(STATE), before);
    let mut terminal = asked();
    terminal
        .types("ssh.attempts\n")
        .is_asked("Carry out this plan: harden demo on demo-1? [y/N]")
        .types("y\n");
    assert_eq!(terminal.ends(), 9, "{}", terminal.shown());
    assert_eq!(
        droplet.root("sshd -T | grep -E '^(maxauthtries|permitrootlogin) '"),
        "maxauthtries 4\npermitrootlogin yes"
    );
}
