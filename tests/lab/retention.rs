//! Which backups are kept: histories with gaps, bad nights and several a day, forgotten by the real restic.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::backups::{Family, deployed};
use crate::droplet::Droplet;
use crate::laptop::Laptop;

/// A fixed sequence for each seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Verified backups, by their ids: on most days one, on some two, for weeks none; and the unverified ones between.
fn history(seed: u64) -> (BTreeSet<String>, Vec<(String, Timestamp, &'static str)>) {
    let (mut dice, mut all, mut verified) = (Dice(seed), Vec::new(), BTreeSet::new());
    let mut day = 2 + dice.roll(40);
    while all.len() < 26 {
        for nth in 0..1 + dice.roll(4) / 3 {
            let at =
                Timestamp::now() - SignedDuration::from_hours(i64::try_from(24 * day + 5 * nth).unwrap());
            let id = at.strftime("%Y%m%dt%H%M%Sz").to_string();
            let word = if dice.roll(5) == 0 { "unverified" } else { "verified" };
            if word == "verified" {
                verified.insert(id.clone());
            }
            all.push((id, at, word));
        }
        day += if dice.roll(6) == 0 { 9 + dice.roll(20) } else { 1 };
    }
    (verified, all)
}

fn listed(laptop: &Laptop, droplet: Droplet) -> BTreeSet<String> {
    let said = laptop.json(&["backup", "list", droplet.env]);
    let rows = said["backups"].as_array().unwrap().iter().filter(|one| one["verified"] == true);
    rows.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// Never the newest, never under three; the last of each of the newest seven days that have one; and done twice, the
/// second time takes nothing.
pub fn holds(droplet: Droplet, family: &Family) {
    let laptop = deployed(droplet, family.base[0]);
    laptop.ops(&["backup", droplet.env, "--yes"]).exits(0);
    let mut there = listed(&laptop, droplet);
    for seed in [7, 4711] {
        let (verified, all) = history(seed);
        let lines: String = all
            .iter()
            .map(|(id, at, word)| {
                let time = at.strftime("%Y-%m-%d %H:%M:%S");
                format!("echo {id} | TZ=UTC restic -q -r /var/backups/ops/odoo --password-file /var/lib/ops/odoo/backup/key backup --stdin --stdin-filename x --host odoo --tag ops,{word},{id} --time '{time}' >/dev/null; ")
            })
            .collect();
        droplet.root(&format!("set -e; {lines}"));
        laptop.ops(&["backup", "prune", droplet.env, "--yes"]).exits(0);
        let kept = listed(&laptop, droplet);
        there.extend(verified);
        assert!(kept.is_subset(&there), "seed {seed}: {kept:?}");
        let newest: Vec<_> = there.iter().rev().take(3).collect();
        assert!(
            newest.iter().all(|id| kept.contains(*id)),
            "seed {seed}: the newest three {newest:?}: {kept:?}"
        );
        let last_of_day: BTreeMap<&str, &String> = there.iter().map(|id| (&id[..8], id)).collect();
        for id in last_of_day.values().rev().take(7) {
            assert!(kept.contains(*id), "seed {seed}: {id} is the last of a day: {kept:?}");
        }
        // Seven days, four weeks, three months, the newest three, and the oldest while months are wanting.
        assert!(kept.len() <= 7 + 4 + 3 + 3 + 1, "seed {seed}: {} are kept", kept.len());
        laptop.ops(&["backup", "prune", droplet.env, "--yes"]).exits(0);
        assert_eq!(listed(&laptop, droplet), kept, "seed {seed}: pruned twice");
        there = kept;
    }
}
