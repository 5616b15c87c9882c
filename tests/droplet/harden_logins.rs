//! Files in people's homes that `ops harden` changes, links that people put there, and the proof of a new login.

use ops::facts::SSHD;
use ops::tools::harden::{Kept, Reader};

use crate::harden_state::{state, unchanged};
use crate::harden_stubs::droplet;
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, tell};

const KEPT: Kept<'_> = Kept("/var/lib/ops/p/harden/r");

fn weak(sandbox: &mut Sandbox) -> String {
    let told = sandbox.sh("ssh-keygen -lf /tmp/weak.pub").exits(0).out;
    told.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn keys_of_a_user_are_read_and_written_as_that_user() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let weak = weak(sandbox);
        sandbox.run(&KEPT.keys([("eve", weak.as_str())].into_iter())).exits(0);
        let calls = sandbox.calls("setpriv");
        assert!(calls.len() >= 3, "{calls:?}");
        assert!(
            calls.iter().all(|call| call.starts_with("--reuid eve --regid 1001 --clear-groups -- ")),
            "{calls:?}"
        );
        assert!(calls.iter().any(|call| call.contains("mv -f -- \"$1.ops-new\" \"$1\"")), "{calls:?}");
    }
}

#[test]
fn authorized_keys_that_is_a_link_is_left_alone() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let weak = weak(sandbox);
        sandbox.sh("mv /home/eve/.ssh/authorized_keys /tmp/mine; ln -s /root/.ssh/authorized_keys /home/eve/.ssh/authorized_keys").exits(0);
        let before = state(sandbox);
        let keys = KEPT.keys([("eve", weak.as_str())].into_iter());
        sandbox.run(&keys).exits(1).says(&["eve has no authorized_keys that is a file of their own"]);
        unchanged(sandbox, &before, "it changed");
        // The link comes after the change: the revert says so, and writes through no link. Others come back.
        sandbox.sh("rm /home/eve/.ssh/authorized_keys; mv /tmp/mine /home/eve/.ssh/authorized_keys").exits(0);
        let both = [("eve", weak.as_str()), ("root", weak.as_str())];
        sandbox.run(&KEPT.keys(both.into_iter())).exits(0);
        sandbox.sh("rm /home/eve/.ssh/authorized_keys; ln -s /etc/passwd /home/eve/.ssh/authorized_keys; chmod 600 /etc/passwd").exits(0);
        let passwd = sandbox.read("/etc/passwd");
        sandbox
            .run(&KEPT.unkeys(["eve", "root"].into_iter()))
            .exits(1)
            .says(&["/home/eve/.ssh/authorized_keys did not come back as it was"]);
        assert_eq!(sandbox.read("/etc/passwd"), passwd);
        sandbox.sh("grep -qxF \"$(cat /tmp/weak.pub)\" /root/.ssh/authorized_keys").exits(0);
    }
}

#[test]
fn authorized_keys_that_is_hostile_is_left_alone() {
    for (at, (does, says)) in [
        // Another user's file, one without an end, one that is too long, none at all.
        ("cp -p /home/eve/.ssh/authorized_keys /srv/keys; rm -r /home/eve/.ssh; ln -s /srv /home/eve/.ssh; mv /srv/keys /srv/authorized_keys", "a file of their own"),
        ("rm /home/eve/.ssh/authorized_keys; mkfifo /home/eve/.ssh/authorized_keys", "a file of their own"),
        ("head -c 1048577 /dev/zero >/home/eve/.ssh/authorized_keys", "a file of their own"),
        ("rm /home/eve/.ssh/authorized_keys", "a file of their own"),
        ("sed -i /eve/d /etc/passwd", "a file of their own"),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = &mut droplet(Shell::ALL[at % 3]);
        let weak = weak(sandbox);
        sandbox.sh(does).exits(0);
        let before = state(sandbox);
        sandbox.run(&KEPT.keys([("eve", weak.as_str())].into_iter())).exits(1).says(&[says]);
        unchanged(sandbox, &before, does);
    }
}

#[test]
fn key_that_is_let_in_all_the_same_fails_the_fix() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let weak = weak(sandbox);
        let before = state(sandbox);
        // Whoever owns the file writes it once more.
        tell(sandbox, "setpriv", Trouble::Garbage, "mv -f");
        let ran = sandbox.run(&KEPT.keys([("eve", weak.as_str())].into_iter()));
        assert_eq!(ran.code, Some(1), "{ran}");
        cure(sandbox, "setpriv");
        sandbox.run(&KEPT.unkeys(["eve"].into_iter())).exits(0);
        unchanged(sandbox, &before, "it changed");
        assert!(!sandbox.exists("/tmp/hacked"));
    }
}

#[test]
fn modes_follow_no_link_and_change_only_what_its_owner_alone_could_replace() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.sh("ln -s /etc/passwd /home/eve/.ssh/link; chmod 644 /etc/passwd; mkdir /srv/all; chmod 777 /srv/all; echo x >/srv/all/.env; chmod 644 /srv/all/.env").exits(0);
        let before = state(sandbox);
        sandbox
            .run(&KEPT.modes([(0o600, "/home/eve/.ssh/link")].into_iter()))
            .exits(1)
            .says(&["is not there any more"]);
        sandbox
            .run(&KEPT.modes([(0o600, "/home/eve/gone")].into_iter()))
            .exits(1)
            .says(&["is not there any more"]);
        let said = "/srv/all/.env is left as it is: others than its owner could put another in its place";
        sandbox.run(&KEPT.modes([(0o600, "/srv/all/.env")].into_iter())).exits(0).says(&[said]);
        sandbox.sh("[ $(stat -c %a /srv/all/.env) = 644 ]").exits(0);
        unchanged(sandbox, &before, "it changed");
        // As the owner, so that a link that comes in between leads no further than they do.
        sandbox.run(&KEPT.modes([(0o700, "/home/eve/.ssh")].into_iter())).exits(0);
        assert_eq!(
            sandbox.calls("setpriv"),
            ["--reuid 1001 --regid 1001 --clear-groups -- chmod -- 700 /home/eve/.ssh"]
        );
    }
}

#[test]
fn modes_with_hostile_names_come_back() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        let name = "/srv/-x 'a'%2F$(id)`id`/.env é";
        sandbox.write(name, "x");
        sandbox.sh("chmod 666 /srv/*/.env*").exits(0);
        let pairs = || [(0o600, name)].into_iter();
        for (cmd, mode) in [
            (KEPT.modes(pairs()), "600"),
            (KEPT.modes(pairs()), "600"),
            (KEPT.unmodes(pairs()), "666"),
            (KEPT.unmodes(pairs()), "666"),
        ] {
            sandbox.run(&cmd).exits(0);
            sandbox.sh(&format!("[ $(/usr/bin/stat -c %a /srv/*/.env*) = {mode} ]")).exits(0);
        }
    }
}

#[test]
fn fix_changes_nothing_when_what_was_cannot_be_kept() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        // A file system without room stands for a full disk: everything that is written there fails.
        sandbox.sh("mkdir -p /var/lib/ops/p; ln -s /dev/full /var/lib/ops/p/harden").exits(0);
        let before = state(sandbox);
        let weak = weak(sandbox);
        let write = KEPT.write(
            SSHD,
            0o600,
            "none",
            Reader::Sshd,
            "MaxAuthTries 4\n",
            "root 127.0.0.1 maxauthtries 4",
        );
        for cmd in [
            write,
            KEPT.keys([("root", weak.as_str())].into_iter()),
            KEPT.wall(("root", "127.0.0.1"), &[80]),
            KEPT.chain(),
            KEPT.modes([(0o600, "/root/.ssh/authorized_keys")].into_iter()),
        ] {
            let ran = sandbox.run(&cmd);
            assert_ne!(ran.code, Some(0), "{ran}");
            unchanged(sandbox, &before, &format!("{ran}"));
        }
    }
}

#[test]
fn waiting_ends_with_the_proof_and_fails_without_it() {
    for shell in Shell::each() {
        let sandbox = &mut droplet(shell);
        sandbox.run(&KEPT.proof("")).exits(1).says(&["nobody waits for it any more"]);
        sandbox.run(&KEPT.wait(1)).exits(1).says(&["goes back at ", "no new login came"]);
        // A proof of before counts for nothing.
        sandbox.write("/var/lib/ops/p/harden/r/proven", "");
        sandbox.run(&KEPT.wait(0)).exits(1).says(&["no new login came"]);
        let weak = weak(sandbox);
        let so = format!("sshd root 127.0.0.1 passwordauthentication yes\nkey root {weak}\nufw\nchain\nbans");
        for (line, says) in [
            (
                "sshd root 127.0.0.1 passwordauthentication no",
                "sshd says: passwordauthentication yes".to_owned(),
            ),
            (&format!("key root {weak}"), format!("the key {weak} of root is let in all the same")),
            ("ufw", "ufw is inactive".to_owned()),
            ("chain", "the chain of ours is not there".to_owned()),
        ] {
            sandbox.run(&KEPT.proof(line)).exits(1).says(&[&says]);
        }
        sandbox.run(&KEPT.keys([("root", weak.as_str())].into_iter())).exits(0);
        sandbox.run(&KEPT.wall(("root", "127.0.0.1"), &[80])).exits(0);
        sandbox.run(&KEPT.chain()).exits(0);
        sandbox.sh("systemctl start fail2ban.service").exits(0);
        let waits = sandbox.start(&KEPT.wait(30));
        sandbox.sh("until ls /calls/*/stdout | xargs cat | grep -q 'goes back at .*, unless'; do /usr/bin/sleep 0.01; done").exits(0);
        sandbox.run(&KEPT.proof(&so)).exits(0);
        sandbox.wait(waits).exits(0).says(&["somebody logged in anew"]);
    }
}
