//! A stack comes back the same from what a repository has, whatever the order of keys.

use ops::frames;
use ops::record::Release;
use ops::tools::recovery::{Part, Stand};
use serde_json::{Value, json};

use super::{STORE, backup, droplet, manifest, stored, variants};
use crate::sandbox::{Sandbox, Shell};

fn stand(compose: &[String]) -> Stand<'_> {
    Stand {
        snapshot: "beef",
        path: "/opt/odoo",
        site: None,
        live: "odoo",
        here: "/srv/backups/shop",
        compose,
    }
}

pub fn release() -> Value {
    json!({"schema": "ops.release/1", "id": "r1", "created": "2026-11-21T16:20:01Z", "run": null, "git_ref": "main", "sha": "0f", "images": {
        "odoo": {"name": "odoo:14", "id": "sha256:aa11", "digest": null, "kept": "ops/shop:r1-odoo"},
        "db": {"name": "postgres@sha256:0f", "id": "sha256:bb22", "digest": "postgres@sha256:bb22", "kept": ""}},
        "compose_hash": "h", "modules": {"base": "14.0.1.3"}, "operator": "x \"sha256:aa11\"", "reason": null, "slot": "a"})
}

/// A droplet to which the backup was fetched.
fn fetched(n: usize, manifest: &str) -> Sandbox {
    let mut sandbox = droplet(Shell::ALL[n % 3]);
    sandbox.write(&format!("{STORE}/recovery/manifest.json"), manifest);
    stored(&mut sandbox, manifest);
    sandbox.write(&format!("{STORE}/recovery/manifest.json"), manifest);
    sandbox.run(&backup().recovery(Part::Fetch, &stand(&[]))).exits(0);
    sandbox
}

#[test]
fn recovery_reads_the_same_images_tags_and_release_of_a_manifest() {
    let text = manifest();
    for (n, manifest) in variants(&text, false).iter().enumerate() {
        let sandbox = fetched(n, manifest);
        let note = |name: &str| sandbox.read(&format!("{STORE}/recovery/{name}"));
        assert_eq!(note("services"), "aa11 odoo odoo:14 true\nbb22 db postgres@sha256:0f false\n");
        assert_eq!((note("tags").as_str(), note("release").as_str()), ("cc33 ops/shop:r1-odoo\n", "r1\n"));
        assert_eq!(note("sums").lines().count(), 4);
    }
    // Backups of an older ops do not say what ran.
    let older = text.replace(",\"running\":true", "");
    assert_eq!(
        fetched(0, &older).read(&format!("{STORE}/recovery/services")).lines().next(),
        Some("aa11 odoo odoo:14 true")
    );
}

#[test]
#[expect(clippy::needless_range_loop, reason = "one number chooses a variant of several texts")]
fn recovery_places_releases_and_ended_runs_whatever_their_keys() {
    let compose = json!({"name": "shop", "services": {"odoo": {"image": "odoo:14", "command": "postgres@sha256:0f"}, "db": {"image": "postgres@sha256:0f", "environment": {"X": "é\u{1}"}}}});
    let ended = json!({"schema": "ops.run/1", "id": "run1", "ended": "2026-11-21T16:20:01Z", "exit": 0});
    let open = json!({"schema": "ops.run/1", "id": "run2", "ended": null, "sheet": {"ended": "x"}, "title": "\"ended\": \"x\""});
    let texts = [release(), compose.clone(), ended, open].map(|value| variants(&value.to_string(), false));
    for n in 0..texts[0].len() {
        let mut sandbox = fetched(n, &manifest());
        let got = format!("{STORE}/recovery/got/ops");
        sandbox.write(&format!("{got}/releases/r1/release.json"), &texts[0][n]);
        sandbox.write(&format!("{got}/releases/r1/compose.json"), &texts[1][n]);
        sandbox.write(&format!("{got}/runs/run1/run.json"), &texts[2][n]);
        sandbox.write(&format!("{got}/runs/run2/run.json"), &texts[3][n]);
        sandbox.write(&format!("{STORE}/recovery/made/x"), "");
        // Two images have other ids on this droplet.
        sandbox.write(&format!("{STORE}/recovery/ids"), "aa11 sha256:ee55\nbb22 sha256:ff66\n");
        sandbox.run(&backup().recovery(Part::Place, &stand(&[]))).exits(0);
        let kept = |file: &str| sandbox.read(&format!("/var/lib/ops/shop/{file}"));
        let placed: Release = serde_json::from_str(&kept("releases/r1/release.json")).unwrap();
        let mut wanted: Release = serde_json::from_value(release()).unwrap();
        wanted.images.get_mut("odoo").unwrap().id = "sha256:ee55".into();
        wanted.images.get_mut("db").unwrap().id = "sha256:ff66".into();
        assert_eq!(placed, wanted);
        let model: Value = serde_json::from_str(&kept("releases/r1/compose.json")).unwrap();
        assert_eq!(model["services"]["db"]["image"], "ops/shop:r1-db");
        assert_eq!(model["services"]["odoo"]["command"], "postgres@sha256:0f");
        assert_eq!(model["services"]["db"]["environment"]["X"], "é\u{1}");
        assert!(
            sandbox.exists("/var/lib/ops/shop/runs/run1") && !sandbox.exists("/var/lib/ops/shop/runs/run2")
        );
    }
}

#[test]
fn stock_asks_for_the_release_that_the_manifest_names() {
    for (n, manifest) in variants(&manifest(), false).iter().enumerate() {
        let mut sandbox = droplet(Shell::ALL[n % 3]);
        stored(&mut sandbox, manifest);
        let cmd = backup().stock("f00d", "/opt/odoo", None, Some("beef"));
        let ran = sandbox.run(&cmd.stdin("1\nk0\n"));
        let parts = frames::parse("f00d", ran.exits(0).out.as_bytes());
        assert_eq!(parts["manifest"].text(), *manifest);
        let calls = sandbox.calls("restic");
        assert!(
            calls
                .iter()
                .any(|call| call == "dump --no-lock beef /run/ops-backup/ops/releases/r1/release.json"),
            "{calls:?}"
        );
    }
}
