//! The changes of `ops harden` on a droplet and their way back to the byte (`harden.sh` and its parts).

use ops::cmd::Cmd;
use ops::facts::{BANS, DAEMON, JOURNAL, KERNEL, SSHD, UPGRADES};
use ops::tools::harden::{Kept, Reader};
use sha2::{Digest, Sha256};

use crate::harden_state::{state, unchanged};
use crate::harden_stubs::droplet;
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, tell};

const KEPT: Kept<'_> = Kept("/var/lib/ops/p/harden/r");
const LOGIN: (&str, &str) = ("root", "127.0.0.1");
const NO_PASSWORDS: &str = "PasswordAuthentication no\nMaxAuthTries 4\n";
const SAYS: &str = "root 127.0.0.1 passwordauthentication no\nroot 127.0.0.1 maxauthtries 4";
const CHAIN: &str = "/usr/local/sbin/ops-docker-user";

/// What a droplet can be changed in, by name.
const FIXES: [&str; 11] = [
    "sshd",
    "docker",
    "journal",
    "kernel",
    "apt",
    "bans",
    "modes",
    "keys",
    "wall that is up",
    "wall",
    "chain",
];

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fingerprint(sandbox: &mut Sandbox, key: &str) -> String {
    let told = sandbox.sh(&format!("ssh-keygen -lf /tmp/{key}.pub")).exits(0).out;
    told.split(' ').nth(1).unwrap().to_owned()
}

/// A fix and its way back, as a plan has them.
fn fix(sandbox: &mut Sandbox, name: &str) -> (Cmd, Cmd) {
    let written = |path: &str, mode, reader, before: Option<&str>, text: &str, says: &str| {
        let was = before.map_or_else(|| "none".to_owned(), sum);
        (KEPT.write(path, mode, &was, reader, text, says), KEPT.unwrite(path, reader))
    };
    match name {
        "sshd" => {
            // The image's own file is read after ours.
            written(SSHD, 0o600, Reader::Sshd, None, NO_PASSWORDS, SAYS)
        }
        "docker" => {
            let before = "{\n  \"log-driver\": \"local\"\n}\n";
            let after = "{\n  \"live-restore\": true,\n  \"log-driver\": \"local\"\n}\n";
            written(DAEMON, 0o644, Reader::Docker, Some(before), after, "")
        }
        "journal" => written(JOURNAL, 0o644, Reader::Journal, None, "[Journal]\nStorage=persistent\n", ""),
        "kernel" => {
            let text = "kernel.kptr_restrict = 1\nnet.ipv4.tcp_syncookies = 1\nnot.of.this.kernel = 1\n";
            written(KERNEL, 0o644, Reader::Kernel, None, text, "")
        }
        "apt" => {
            let text = "APT::Periodic::Unattended-Upgrade \"1\";\n";
            written(UPGRADES, 0o644, Reader::Apt, None, text, "")
        }
        "bans" => {
            let text = "[sshd]\nenabled = true\nignoreip = 127.0.0.1/8 ::1 10.9.8.7\n";
            written(BANS, 0o644, Reader::Bans, None, text, "")
        }
        "modes" => {
            let pairs = [(0o700, "/home/eve/.ssh"), (0o600, "/root/.ssh/authorized_keys")];
            sandbox.sh("chmod 777 /home/eve/.ssh; chmod 664 /root/.ssh/authorized_keys").exits(0);
            (KEPT.modes(pairs.into_iter()), KEPT.unmodes(pairs.into_iter()))
        }
        "keys" => {
            let weak = fingerprint(sandbox, "weak");
            let pairs = [("root", weak.as_str()), ("eve", weak.as_str())];
            (KEPT.keys(pairs.into_iter()), KEPT.unkeys(["root", "eve"].into_iter()))
        }
        "wall" => (KEPT.wall(LOGIN, &[80, 443]), KEPT.unwall()),
        "wall that is up" => {
            // It lets in what no rule names.
            sandbox.sh("ufw allow 22/tcp && ufw --force enable && ufw reload").exits(0);
            (KEPT.wall(LOGIN, &[80, 443]), KEPT.unwall())
        }
        "chain" => (KEPT.chain(), KEPT.unchain()),
        _ => unreachable!("{name}"),
    }
}

/// Runs every third fix, beginning with one of them.
fn each_fix_reverts(first: usize) {
    for (at, name) in FIXES.into_iter().enumerate().skip(first).step_by(3) {
        // Another shell for neighbors in the list, and for the three tests.
        let sandbox = &mut droplet(Shell::ALL[(at + at / 3) % 3]);
        let (does, back) = fix(sandbox, name);
        let before = state(sandbox);
        sandbox.run(&back).exits(0);
        unchanged(sandbox, &before, &format!("{name}: nothing was done, and the revert changed something"));
        sandbox.run(&does).exits(0);
        assert_ne!(state(sandbox), before, "{name}");
        holds(sandbox, name);
        // Once more in the same run: it may refuse, and what was before the first time is what comes back.
        sandbox.run(&does);
        for _ in 0..2 {
            sandbox.run(&back).exits(0);
            unchanged(sandbox, &before, name);
        }
    }
}

#[test]
fn fix_of_sshd_kernel_modes_and_inactive_firewall_reverts_to_every_byte() {
    each_fix_reverts(0);
}

#[test]
fn fix_of_docker_apt_keys_and_chain_reverts_to_every_byte() {
    each_fix_reverts(1);
}

#[test]
fn fix_of_journal_bans_and_active_firewall_reverts_to_every_byte() {
    each_fix_reverts(2);
}

/// What a fix is for.
fn holds(sandbox: &mut Sandbox, name: &str) {
    let check = match name {
        "sshd" => "sshd -T | grep -qx 'passwordauthentication no' && [ $(stat -c %a /etc/ssh/sshd_config.d/00-ops.conf) = 600 ]",
        "docker" => "[ $(docker info) = true ] && [ $(stat -c %a /etc/docker/daemon.json) = 644 ]",
        "journal" => "[ -d /var/log/journal ]",
        "kernel" => "[ $(cat /stubs/kernel/kernel.kptr_restrict) = 1 ]",
        "apt" => "apt-config shell on APT::Periodic::Unattended-Upgrade | grep -q 1",
        "bans" => "[ -e /stubs/units/fail2ban.service.active ] && [ -e /stubs/units/fail2ban.service.enabled ]",
        "modes" => "[ \"$(/usr/bin/stat -c %a /home/eve/.ssh /root/.ssh/authorized_keys | xargs)\" = '700 600' ]",
        "keys" => "weak=$(cat /tmp/weak.pub); for one in /root /home/eve; do ! grep -qxF \"$weak\" $one/.ssh/authorized_keys || exit 1; done
            grep -qxF \"# weak, written out by ops: $weak\" /root/.ssh/authorized_keys && grep -qxF \"from=\\\"10.0.0.1\\\" $weak\" /root/.ssh/authorized_keys &&
            grep -qxF \"$(cat /tmp/good.pub)\" /root/.ssh/authorized_keys && grep -qxF \"$(cat /tmp/eves.pub)\" /home/eve/.ssh/authorized_keys",
        "wall" | "wall that is up" => "ufw status | grep -q ' active' && for port in 22 80 443; do ufw show added | grep -qx \"ufw allow $port/tcp\" || exit 1; done && grep -qx -- '-P INPUT DROP' /stubs/ip6tables.rules",
        "chain" => "grep '^-A' /stubs/ip6tables.rules | head -n 1 | grep -qx -- '-A DOCKER-USER -i eth0 -j OPS-IN' && [ $(stat -c %a /usr/local/sbin/ops-docker-user) = 750 ]",
        _ => unreachable!("{name}"),
    };
    sandbox.sh(check).exits(0);
}

/// A tool that a fix needs, and the words of the call that fails.
const TOOLS: [(&str, &str, &str); 20] = [
    ("sshd", "sshd", " -t "),
    ("sshd", "sshd", "-C user=root"),
    ("sshd", "systemctl", " reload "),
    ("docker", "dockerd", "--config-file"),
    ("docker", "systemctl", " reload "),
    ("journal", "systemctl", " restart "),
    ("journal", "journalctl", "--flush"),
    ("kernel", "sysctl", " -q "),
    ("apt", "apt-config", "shell"),
    ("bans", "fail2ban-client", " -t "),
    ("bans", "fail2ban-client", "banip"),
    ("bans", "fail2ban-client", "ignoreip"),
    ("bans", "systemctl", " restart "),
    ("keys", "stat", "%u"),
    ("wall", "sshd", " -T "),
    ("wall", "ufw", "enable"),
    ("wall", "ufw", "allow"),
    ("chain", "ip", "route"),
    ("chain", "systemctl", "enable"),
    ("chain", "iptables", "-S"),
];

#[test]
fn fix_of_a_file_fails_when_a_tool_fails_and_its_revert_restores_every_byte() {
    each_tool_fails(0..9);
}

#[test]
fn fix_of_bans_keys_and_firewall_fails_when_a_tool_fails_and_its_revert_restores_every_byte() {
    each_tool_fails(9..TOOLS.len());
}

fn each_tool_fails(some: std::ops::Range<usize>) {
    for (at, (name, tool, words)) in TOOLS.into_iter().enumerate().filter(|(at, _)| some.contains(at)) {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        // Bans are tried twenty times.
        sandbox.stub("sleep", ":");
        let (does, back) = fix(sandbox, name);
        let before = state(sandbox);
        tell(sandbox, tool, Trouble::Fails, words);
        let ran = sandbox.run(&does);
        assert_ne!(ran.code, Some(0), "{name}: {tool}{words}\n{ran}");
        cure(sandbox, tool);
        sandbox.run(&back).exits(0);
        unchanged(sandbox, &before, &format!("{name}: {tool}{words}\n{ran}"));
    }
}

/// A tool that a revert needs.
const REVERTS: [(&str, &str, &str); 8] = [
    ("sshd", "systemctl", " reload "),
    ("docker", "systemctl", " reload "),
    ("journal", "systemctl", " restart "),
    ("kernel", "sysctl", " -q "),
    ("bans", "systemctl", " disable "),
    ("wall", "ufw", "disable"),
    ("wall", "ip6tables", " -P "),
    ("chain", "systemctl", "disable"),
];

#[test]
fn revert_that_fails_says_so_and_restores_every_byte_when_it_is_repeated() {
    for (at, (name, tool, words)) in REVERTS.into_iter().enumerate() {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        let (does, back) = fix(sandbox, name);
        let before = state(sandbox);
        sandbox.run(&does).exits(0);
        tell(sandbox, tool, Trouble::Fails, words);
        let ran = sandbox.run(&back);
        assert_ne!(ran.code, Some(0), "{name}: {tool}{words}\n{ran}");
        cure(sandbox, tool);
        sandbox.run(&back).exits(0);
        unchanged(sandbox, &before, &format!("{name}: {tool}{words}"));
    }
}

#[test]
fn fix_changes_nothing_when_its_way_back_does_not_lead_back() {
    // The file's user comes back, and what reads the file does not: the change is not begun.
    for (at, (name, tool, words)) in [
        ("sshd", "systemctl", " reload "),
        ("kernel", "sysctl", " -q "),
        ("bans", "systemctl", " stop "),
        ("wall", "ufw", "disable"),
        ("journal", "systemctl", " restart "),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        let (does, _) = fix(sandbox, name);
        let before = state(sandbox);
        tell(sandbox, tool, Trouble::Fails, words);
        sandbox
            .run(&does)
            .exits(1)
            .says(&["the way back was tried before the change, and does not lead to what was"]);
        cure(sandbox, tool);
        unchanged(sandbox, &before, name);
    }
}

#[test]
fn file_that_changed_since_the_plan_is_left_alone() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let (does, back) = fix(sandbox, "docker");
        sandbox.write(DAEMON, "{}\n");
        let before = state(sandbox);
        sandbox.run(&does).exits(1).says(&["is not what it was when the plan was made"]);
        sandbox.run(&back).exits(0);
        unchanged(sandbox, &before, "it changed");
    }
}

#[test]
fn sshd_settings_that_do_not_hold_fail_the_fix() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        // A file that is read before ours says otherwise.
        sandbox.write("/etc/ssh/sshd_config.d/00-a.conf", "PasswordAuthentication yes\n");
        let (does, back) = fix(sandbox, "sshd");
        let before = state(sandbox);
        sandbox.run(&does).exits(1).says(&["sshd says: passwordauthentication yes"]);
        sandbox.run(&back).exits(0);
        unchanged(sandbox, &before, "it changed");
        // Someone changed the port and did not reload: it would be read now.
        sandbox.write("/etc/ssh/sshd_config.d/00-a.conf", "Port 2222\n");
        sandbox.run(&does).exits(1).says(&["sshd does not listen on port 2222, as its files say"]);
        // Someone broke a file.
        sandbox.write("/etc/ssh/sshd_config.d/00-a.conf", "Nonsense\n");
        sandbox.run(&does).exits(1).says(&["sshd cannot read its files as they are"]);
        sandbox.run(&KEPT.wall(LOGIN, &[80])).exits(1).says(&["sshd does not say on which port it listens"]);
        assert!(!sandbox.exists(SSHD) && sandbox.read("/etc/ufw/ufw.conf") == "ENABLED=no\n");
        assert!(sandbox.calls("ufw").is_empty(), "{:?}", sandbox.calls("ufw"));
    }
}

#[test]
fn drop_ins_of_sshd_are_reordered_and_come_back() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.write(SSHD, NO_PASSWORDS);
        sandbox.write("/etc/ssh/sshd_config.d/00-a.conf", "PasswordAuthentication yes\nX11Forwarding yes\n");
        let before = state(sandbox);
        let order = KEPT.order(LOGIN, ["00-a.conf"].into_iter());
        sandbox.run(&order).exits(0);
        sandbox
            .sh("sshd -T | grep -qx 'passwordauthentication no' && sshd -T | grep -qx 'x11forwarding yes'")
            .exits(0);
        for _ in 0..2 {
            sandbox.run(&KEPT.unorder()).exits(0);
            unchanged(sandbox, &before, "it changed");
        }
        // What neither ours says nor the file in front of it is to become another.
        sandbox.write("/etc/ssh/sshd_config.d/00-b.conf", "X11Forwarding no\n");
        let before = state(sandbox);
        let other = Kept("/var/lib/ops/p/harden/other");
        sandbox
            .run(&other.order(LOGIN, ["00-a.conf"].into_iter()))
            .exits(1)
            .says(&["sshd would say another x11forwarding"]);
        sandbox.run(&other.unorder()).exits(0);
        unchanged(sandbox, &before, "it changed");
        sandbox
            .run(&Kept("/var/lib/ops/p/harden/third").order(LOGIN, ["00-gone.conf"].into_iter()))
            .exits(1)
            .says(&["is not there any more"]);
    }
}

#[test]
fn chain_script_is_the_administrators_to_run_twice() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.run(&KEPT.chain()).exits(0);
        let rules = sandbox.read("/stubs/iptables.rules");
        sandbox.sh(&format!("{CHAIN} up && {CHAIN} up")).exits(0);
        assert_eq!(sandbox.read("/stubs/iptables.rules"), rules);
        assert_eq!(rules.matches("-j OPS-IN").count(), 1, "{rules}");
        for wanted in
            ["--ctorigdstport 80 -j RETURN", "--ctorigdstport 443 -j RETURN", "--ctstate NEW -j DROP"]
        {
            assert_eq!(rules.matches(wanted).count(), 1, "{rules}");
        }
    }
}
