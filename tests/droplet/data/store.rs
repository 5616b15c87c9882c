//! Repositories: made ready, listed, given keys, copied to another place, and rid of what is too old.

use std::collections::BTreeMap;

use ops::frames;
use ops::inventory::Retention;
use ops::tools::backup::Backup;
use serde_json::{Value, json};

use super::backup::{attempt, back_up};
use super::stack::{DIR, FAILS, GARBAGE, REPOSITORY, Stack};
use crate::sandbox::Shell;

const KEEP: Retention = Retention { daily: 1, weekly: 1, monthly: 1 };
const AWAY: &str = "/mnt/away/odoo";
const SECRET: &str = "of-the-bucket";

/// Backups of other moments that a real one is copied to, each with its record. The ids.
fn older(stack: &Stack, tag: &str, moments: &[&str]) -> Vec<String> {
    let all = stack.snapshots(REPOSITORY);
    let one = all.iter().find(|one| one["tags"][1] == json!("verified")).unwrap();
    let record = stack.read(&format!("{DIR}/backup/{}.json", one["tags"][2].as_str().unwrap()));
    let mut ids = Vec::new();
    for (at, moment) in moments.iter().enumerate() {
        let id = format!("{}z", moment[..19].replace(['-', ':'], "").to_lowercase());
        let mut copy = one.clone();
        let hex = format!("{:064x}", 0x1000 + at + usize::from(tag.as_bytes()[0]) * 256);
        copy["id"] = json!(hex);
        copy["short_id"] = json!(&hex[..8]);
        copy["time"] = json!(moment);
        copy["tags"] = json!(["ops", tag, id]);
        stack.write(&format!("{REPOSITORY}/snapshots/{hex}.json"), copy.to_string());
        let mut record: Value = serde_json::from_str(&record).unwrap();
        record["id"] = json!(id);
        let kind = if tag == "imported" { ".imported" } else { "" };
        // As the programs write it: without spaces.
        stack.write(&format!("{DIR}/backup/{id}{kind}.json"), record.to_string());
        ids.push(id);
    }
    ids
}

fn records(stack: &mut Stack) -> Vec<String> {
    let listed = stack.sh(&format!("cd {DIR}/backup && ls | grep 'z.*json$' | cut -d. -f 1 | sort -u"));
    listed.out.lines().map(str::to_owned).collect()
}

const MONTH: [&str; 6] = [
    "2026-11-01T01:00:00.000000000Z",
    "2026-11-02T01:00:00.000000000Z",
    "2026-11-03T01:00:00.000000000Z",
    "2026-11-03T02:00:00.000000000Z",
    "2026-11-03T03:00:00.000000000Z",
    "2026-11-03T04:00:00.000000000Z",
];

#[test]
fn forget_keeps_the_newest_three_and_more_where_some_were_found_wrong() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        let newest = back_up(&mut stack);
        let ids = older(&stack, "verified", &MONTH);
        let from_files = older(&stack, "imported", &["2026-10-01T01:00:00.000000000Z"; 1]);
        // Nothing is removed where restic cannot do it.
        stack.fault("restic", "forget --json", 0, FAILS);
        let cmd = stack.tool().forget(KEEP);
        stack.run(&cmd).exits(1).says(&["fails on purpose"]);
        stack.mend("restic");
        assert_eq!((records(&mut stack).len(), stack.verified(REPOSITORY).len()), (8, 7));
        // The newest and the one before were found wrong since: they take no other's place.
        for id in [&newest, &ids[5]] {
            let line = r#"{"at":1,"by":"verify","place":"droplet","ok":false,"why":"x","seconds":1}"#;
            stack.write(&format!("{DIR}/backup/{id}.checks"), format!("{line}\n"));
        }
        stack.run(&cmd).exits(0);
        let mut kept = vec![ids[2].clone(), ids[3].clone(), ids[4].clone(), ids[5].clone(), newest.clone()];
        assert_eq!(stack.verified(REPOSITORY), kept);
        kept.extend(from_files);
        kept.sort();
        assert_eq!(records(&mut stack), kept);
        // Mended: the newest three stay whatever the days.
        std::fs::remove_file(stack.path(&format!("{DIR}/backup/{newest}.checks"))).unwrap();
        std::fs::remove_file(stack.path(&format!("{DIR}/backup/{}.checks", ids[5]))).unwrap();
        // Which records are left to remove cannot be told.
        stack.fault("restic", "snapshots", 0, FAILS);
        stack.run(&cmd).exits(1);
        assert_eq!(records(&mut stack), kept);
        stack.mend("restic");
        stack.run(&cmd).exits(0);
        assert_eq!(records(&mut stack).len(), 4);
        assert_eq!(stack.verified(REPOSITORY), [ids[4].clone(), ids[5].clone(), newest.clone()]);
        stack.run(&cmd).exits(0);
        assert_eq!(stack.verified(REPOSITORY).len(), 3);
    }
}

#[test]
fn init_makes_a_key_once_and_never_opens_a_repository_with_another() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        let init = stack.tool().init();
        stack.run(&init).exits(0).says(&["made the repository"]);
        let key = stack.read(&format!("{DIR}/backup/key"));
        assert!(key.len() > 40 && !key.contains('\n'));
        stack.run(&init).exits(0);
        assert_eq!(stack.read(&format!("{DIR}/backup/key")), key);
        // A lock that a killed call left.
        stack.write(&format!("{REPOSITORY}/locks/left"), "");
        stack.run(&init).exits(0);
        let _ = std::fs::remove_file(stack.path(&format!("{REPOSITORY}/locks/left")));
        std::fs::remove_file(stack.path(&format!("{DIR}/backup/key"))).unwrap();
        stack.run(&init).exits(1).says(&["its key", "is gone"]);
        assert!(!stack.exists(&format!("{DIR}/backup/key")), "a new key hides that the old one is lost");
        stack.write(&format!("{DIR}/backup/key"), "another");
        stack.run(&init).exits(12).says(&["does not open the repository"]);
        // A further key, for people, leaves no file and no word of a call.
        stack.write(&format!("{DIR}/backup/key"), &key);
        let file = format!("{DIR}/backup/new key");
        for (then, code) in [(Some(FAILS), 1), (None, 0)] {
            stack.write(&file, "KEY='for people $(touch /etc/pwned)'\n");
            then.inspect(|then| stack.fault("restic", "key add", 0, then));
            let add = stack.tool().add_key("droplet", &file);
            stack.run(&add).exits(code);
            stack.mend("restic");
            assert!(
                !stack.exists(&file) && !stack.exists(&format!("{file}.plain")),
                "the key stays on the droplet"
            );
        }
        assert_eq!(std::fs::read_dir(stack.path(&format!("{REPOSITORY}/keys"))).unwrap().count(), 2);
        stack.calls_are_clean(&[&key, "for people"]);
        assert!(!stack.exists("/etc/pwned"));
    }
}

#[test]
fn list_gives_snapshots_records_and_tries_or_says_why_not() {
    let mut stack = Stack::new(Shell::Dash);
    let list = |stack: &mut Stack| {
        let cmd = stack.tool().list("nonce", "droplet");
        let ran = stack.run(&cmd).exits(0);
        frames::parse("nonce", ran.out.as_bytes())
    };
    for shell in Shell::each() {
        stack.again(shell);
        assert!(list(&mut stack).is_empty(), "there is no key yet");
        let id = back_up(&mut stack);
        stack.write(&format!("{DIR}/backup/{id}.checks"), "{}\n");
        let parts: BTreeMap<_, _> = list(&mut stack);
        let all: Value = serde_json::from_slice(&parts["droplet"].bytes).unwrap();
        assert_eq!(all[0]["tags"][2], json!(id));
        assert_eq!(
            parts.keys().map(String::as_str).collect::<Vec<_>>(),
            [&format!("{id}.checks"), &format!("{id}.json"), "droplet"]
        );
        // A repository that does not answer is given up after a minute.
        stack.fault("restic", "snapshots", 0, "echo 100 >/etc/clock; exec /usr/bin/sleep 1000");
        assert_ne!(list(&mut stack)["droplet"].code, 0);
        std::fs::remove_file(stack.path("/etc/clock")).unwrap();
        stack.fault("restic", "snapshots", 0, FAILS);
        let parts = list(&mut stack);
        assert_eq!((parts["droplet"].code, parts["droplet"].text().trim()), (1, "fails on purpose"));
        stack.mend("restic");
    }
}

/// The same stack with the repository of a place off site.
fn away(stack: &Stack) -> Backup<'_> {
    Backup {
        repository: AWAY,
        secrets: Some("/var/lib/ops/odoo/backup/offsite/far away.env"),
        ..stack.tool()
    }
}

#[test]
fn copies_off_site_are_all_verified_backups_or_the_place_is_not_up_to_date() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        let _ = std::fs::remove_dir_all(stack.path("/mnt/away"));
        let id = back_up(&mut stack);
        older(&stack, "verified", &MONTH[..4]);
        older(&stack, "unverified", &MONTH[4..5]);
        std::fs::remove_file(stack.path(&format!("{DIR}/backup/20261103t030000z.json"))).unwrap();
        let copy = |stack: &Stack| away(stack).copy("far", REPOSITORY, KEEP);
        let file = format!("{DIR}/backup/offsite/far away.env");
        let cmd = copy(&stack);
        let _ = std::fs::remove_file(stack.path(&file));
        stack.run(&cmd).exits(1).says(&["the secrets of far are not on this droplet"]);
        stack.write(&file, "AWS_KEY='`touch /etc/pwned`'\n");
        stack.run(&cmd).exits(1).says(&["a secret of far holds a backtick"]);
        stack.write(&file, format!("AWS_KEY='{SECRET} $(touch /etc/pwned)'\n"));
        stack.run(&cmd).exits(1).says(&["there is no repository at far"]);
        let ready = away(&stack).offsite_ready("far", REPOSITORY);
        stack.run(&ready).exits(0).says(&["made far"]);
        stack.run(&ready).exits(0);
        // A copy that fails, or that brings nothing, leaves no word that the place has them.
        for (then, says) in [(FAILS, "fails on purpose"), ("exit 0", "is not in far after copying")] {
            stack.fault("restic", "copy", 0, then);
            stack.run(&cmd).exits(1).says(&[says]);
            stack.mend("restic");
            assert!(!stack.exists(&format!("{DIR}/backup/places/far")));
        }
        stack.run(&cmd).exits(0).says(&["far has all verified backups"]);
        let there = stack.verified(AWAY);
        assert_eq!(there.len(), 3, "forgotten there: {there:?}");
        assert!(there.contains(&id) && stack.verified(REPOSITORY).len() == 5);
        assert!(stack.read(&format!("{DIR}/backup/places/far")).contains(&id));
        let before = stack.snapshots(AWAY).len();
        stack.fault("restic", "cat config", 0, "echo 100 >>/etc/clock; exec /usr/bin/sleep 1000");
        stack.run(&cmd).exits(1).says(&["far (/mnt/away/odoo) cannot be reached"]);
        stack.mend("restic");
        std::fs::remove_file(stack.path("/etc/clock")).unwrap();
        let forget = away(&stack).forget_offsite("far", REPOSITORY, KEEP);
        stack.run(&forget).exits(0);
        assert_eq!(stack.snapshots(AWAY).len(), before);
        stack.calls_are_clean(&[SECRET, &stack.read(&format!("{DIR}/backup/key"))]);
        assert!(!stack.exists("/etc/pwned"));
    }
}

#[test]
fn images_of_the_newest_backup_are_kept_once_and_copied() {
    let mut stack = Stack::new(Shell::Dash);
    for shell in Shell::each() {
        stack.again(shell);
        let _ = std::fs::remove_dir_all(stack.path("/mnt/away"));
        let images = stack.tool().images();
        stack.run(&images).exits(1);
        back_up(&mut stack);
        let kept = |stack: &Stack, place: &str| {
            let all = stack.snapshots(place);
            all.iter().filter(|one| one["tags"][1] == json!("image")).count()
        };
        for (tool, matching, then) in
            [("docker", "save", FAILS), ("restic", "image.tar", FAILS), ("restic", "ls --json", GARBAGE)]
        {
            stack.fault(tool, matching, 0, then);
            stack.run(&images).exits(1);
            stack.mend(tool);
            assert_eq!(kept(&stack, REPOSITORY), 0, "{tool}: half an image counts");
        }
        for _ in 0..2 {
            stack.run(&images).exits(0);
            assert_eq!(kept(&stack, REPOSITORY), 2);
        }
        let place = Backup { secrets: None, ..away(&stack) };
        let (ready, copy) = (place.offsite_ready("far", REPOSITORY), place.copy("far", REPOSITORY, KEEP));
        let copy_images = place.copy_images("far", REPOSITORY);
        stack.run_all(&[ready, copy, copy_images.clone()]).exits(0);
        assert_eq!(kept(&stack, AWAY), 2);
        stack.run(&copy_images).exits(0);
        // A backup after that removes what attempts left, and neither backups nor images.
        attempt(&mut stack).exits(0);
        assert_eq!(
            (kept(&stack, REPOSITORY), stack.verified(REPOSITORY).len(), stack.snapshots(REPOSITORY).len()),
            (2, 2, 4)
        );
    }
}
