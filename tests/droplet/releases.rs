//! The directories of releases: record, pointer, `.env`, and what is removed.

use ops::tools::releases;

use crate::sandbox::{Sandbox, Shell};

const STATE: &str = "/var/lib/ops/odoo";

/// `docker image inspect` knows two tags of the release.
const IMAGES: &str = r#"
case "$*" in
  *.Id*ops/odoo:r2-web) echo sha256:aa11 ;;
  *.Id*ops/odoo:r2-db) echo sha256:bb22 ;;
  *) exit 1 ;;
esac
"#;

fn pairs() -> Vec<(String, String)> {
    [("web", "ops/odoo:r2-web"), ("db", "ops/odoo:r2-db")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec()
}

/// Fills the file system below a directory.
fn fill(sandbox: &mut Sandbox, dir: &str) {
    sandbox.sh(&format!("cat /dev/zero >{dir}/filling 2>/dev/null; [ -s {dir}/filling ]")).exits(0);
}

#[test]
fn release_record_gets_the_ids_of_its_images() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub("docker", IMAGES);
        sandbox
            .write("/var/r2/template", "{\"web\": \"@id:web@\", \"db\": \"@id:db@\", \"of\": \"a|b&c\"}\n");
        let cmd = releases::record("/var/r2/template", "/var/r2/release.json", &pairs());
        sandbox.run(&cmd).exits(0);
        let record = sandbox.read("/var/r2/release.json");
        assert_eq!(record, "{\"web\": \"sha256:aa11\", \"db\": \"sha256:bb22\", \"of\": \"a|b&c\"}\n");
        assert!(!sandbox.exists("/var/r2/template") && !sandbox.exists("/var/r2/release.json.ops-new"));
    }
}

#[test]
fn release_record_stays_as_it_was_when_an_image_is_missing() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub("docker", "case \"$*\" in *r2-web) echo sha256:aa11 ;; *) exit 1 ;; esac");
        sandbox.write("/var/r2/template", "@id:web@ @id:db@\n");
        sandbox.write("/var/r2/release.json", "before\n");
        let ran = sandbox.run(&releases::record("/var/r2/template", "/var/r2/release.json", &pairs()));
        assert_ne!(ran.code, Some(0), "{ran}");
        assert_eq!(sandbox.read("/var/r2/release.json"), "before\n");
        // The step can be tried again.
        assert_eq!(sandbox.read("/var/r2/template"), "@id:web@ @id:db@\n");
    }
}

#[test]
fn release_record_and_pointer_stay_as_they_were_when_the_disk_is_full() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::with_disks(shell, &[("/mnt", 65536)]);
        sandbox.stub("docker", IMAGES);
        sandbox
            .sh("echo '@id:web@' >/mnt/template; echo before >/mnt/release.json; echo r1 >/mnt/current")
            .exits(0);
        fill(&mut sandbox, "/mnt");
        for cmd in
            [releases::record("/mnt/template", "/mnt/release.json", &pairs()), releases::point("/mnt", "r2")]
        {
            let ran = sandbox.run(&cmd);
            assert_ne!(ran.code, Some(0), "{ran}");
        }
        let left = sandbox.sh("cat /mnt/template /mnt/release.json /mnt/current").exits(0);
        assert_eq!(left.out, "@id:web@\nbefore\nr1\n");
    }
}

#[test]
fn pointer_names_the_release_and_goes_back() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.write("/var/releases/current", "r1\n");
        sandbox.run(&releases::point("/var/releases", "r 2")).exits(0);
        assert_eq!(sandbox.read("/var/releases/current"), "r 2\n");
        sandbox.run(&releases::point_back("/var/releases", "r1")).exits(0);
        assert_eq!(sandbox.read("/var/releases/current"), "r1\n");
        sandbox.run(&releases::point_back("/var/releases", "")).exits(0);
        assert!(!sandbox.exists("/var/releases/current") && !sandbox.exists("/var/releases/current.ops-new"));
    }
}

const ENV: &str = "# ours\nPW='a b'\nCOMPOSE_FILE=docker-compose.yml\nCOMPOSE_PROJECT_NAMES=x\nLAST=1\n";

#[test]
fn link_changes_two_lines_of_env_and_unlink_restores_them() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.write("/srv/secrets", ENV);
        sandbox.sh("mkdir /srv/odoo; ln -s ../secrets /srv/odoo/.env; chmod 640 /srv/secrets").exits(0);
        let link = releases::link("/srv/odoo", "/var/r2/compose.json", "odoo", "/var/keep");
        let linked = "# ours\nPW='a b'\nCOMPOSE_PROJECT_NAMES=x\nLAST=1\nCOMPOSE_FILE=/var/r2/compose.json\nCOMPOSE_PROJECT_NAME=odoo\n";
        for _ in 0..2 {
            // The second time changes nothing, and what stood there at first is kept for the undo.
            sandbox.run(&link).exits(0);
            assert_eq!(sandbox.read("/srv/secrets"), linked);
            assert_eq!(sandbox.read("/var/keep"), "COMPOSE_FILE=docker-compose.yml\n");
        }
        sandbox.sh("[ -L /srv/odoo/.env ] && [ \"$(stat -c %a /srv/secrets)\" = 640 ]").exits(0);
        for _ in 0..2 {
            sandbox.run(&releases::unlink("/srv/odoo", "/var/keep")).exits(0);
            let restored =
                "# ours\nPW='a b'\nCOMPOSE_PROJECT_NAMES=x\nLAST=1\nCOMPOSE_FILE=docker-compose.yml\n";
            assert_eq!(sandbox.read("/srv/secrets"), restored);
        }
        sandbox.sh("[ -L /srv/odoo/.env ] && [ \"$(stat -c %a /srv/secrets)\" = 640 ] && [ \"$(ls /srv)\" = \"$(printf 'odoo\\nsecrets')\" ]").exits(0);
    }
}

#[test]
fn link_creates_an_env_that_only_its_owner_reads() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.sh("mkdir /srv/odoo").exits(0);
        sandbox.run(&releases::link("/srv/odoo", "/c.json", "odoo", "/var/keep")).exits(0);
        assert_eq!(sandbox.read("/srv/odoo/.env"), "COMPOSE_FILE=/c.json\nCOMPOSE_PROJECT_NAME=odoo\n");
        sandbox.sh("[ \"$(stat -c %a /srv/odoo/.env)\" = 600 ]").exits(0);
        sandbox.run(&releases::unlink("/srv/odoo", "/var/keep")).exits(0);
        assert_eq!(sandbox.read("/srv/odoo/.env"), "");
    }
}

#[test]
fn env_stays_as_it_was_when_the_disk_is_full() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::with_disks(shell, &[("/mnt", 65536)]);
        let env = "COMPOSE_FILE=a\nPW=secret\n";
        sandbox.sh(&format!("printf '{env}' >/mnt/.env; chmod 640 /mnt/.env")).exits(0);
        fill(&mut sandbox, "/mnt");
        let unchanged = "cat /mnt/.env; [ \"$(ls -A /mnt | tr '\\n' ' ')\" = '.env filling ' ]";
        sandbox.run(&releases::link("/mnt", "/c.json", "odoo", "/var/keep")).exits(1);
        assert_eq!(sandbox.sh(unchanged).exits(0).out, env);
        // What was kept for the undo is what stands there: nothing to restore, and no room needed.
        sandbox.run(&releases::unlink("/mnt", "/var/keep")).exits(0);
        sandbox.write("/var/keep", "COMPOSE_FILE=b\n");
        sandbox.run(&releases::unlink("/mnt", "/var/keep")).exits(1);
        assert_eq!(sandbox.sh(unchanged).exits(0).out, env);
    }
}

#[test]
fn prune_removes_the_named_releases_their_tags_and_old_stages_only() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub(
            "docker",
            "case \"$*\" in
              *' ls '*) printf '%s\\n' ops/odoo:r1-web ops/odoo:r1-db ops/odoo:r10-web ;;
              *r1-db) exit 1 ;;
            esac",
        );
        for name in
            ["releases/r1", "releases/r10", "releases/r2", "runs/a", "cache/stage/new", "cache/stage/old"]
        {
            sandbox.write(&format!("{STATE}/{name}/file"), "x");
        }
        sandbox.sh(&format!("touch -d '9 days ago' {STATE}/cache/stage/old")).exits(0);
        let named = ["r1", "", "..", ".", "../runs", "r2/../r10"].map(str::to_owned);
        sandbox.run(&releases::prune(STATE, "odoo", &named)).exits(0).says(&["kept ops/odoo:r1-db: in use"]);
        let left = sandbox.sh(&format!("cd {STATE} && ls -d */* */*/*")).out;
        let wanted = "cache/stage\ncache/stage/new\nreleases/r10\nreleases/r10/file\nreleases/r2\nreleases/r2/file\nruns/a\nruns/a/file\n";
        assert_eq!(left, wanted, "{:?}", sandbox.shell());
        let removed: Vec<_> =
            sandbox.calls("docker").into_iter().filter(|call| call.contains(" rm ")).collect();
        assert_eq!(removed, ["image rm ops/odoo:r1-web", "image rm ops/odoo:r1-db"]);
    }
}

#[test]
fn unused_release_is_removed_with_its_tag() {
    let cmd = releases::remove_unused("odoo", "web", "/r/r2/compose.json", "/srv/r2", "ops/odoo:r2-web");
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub(
            "docker",
            "case \"$*\" in 'ps '*) echo c1; echo c2 ;; inspect*) echo /r/r1/compose.json ;; esac",
        );
        sandbox.write("/srv/r2/compose.json", "{}");
        sandbox.run(&cmd).exits(0);
        assert!(!sandbox.exists("/srv/r2"));
        assert!(sandbox.calls("docker").contains(&"image rm --no-prune -- ops/odoo:r2-web".to_owned()));
    }
}

#[test]
fn release_stays_when_a_container_uses_it_or_docker_does_not_answer() {
    let cmd = releases::remove_unused("odoo", "web", "/r/r2/compose.json", "/srv/r2", "ops/odoo:r2-web");
    let cases = [
        (
            "case \"$*\" in 'ps '*) echo c1; echo c2 ;; *' c2') echo /r/r2/compose.json ;; *) echo /r/r1 ;; esac",
            0,
        ),
        ("exit 1", 1),
        ("case \"$*\" in 'ps '*) echo c1 ;; inspect*) exit 1 ;; esac", 1),
        ("case \"$*\" in 'image rm'*) exit 1 ;; esac", 1),
    ];
    for (docker, code) in cases {
        for shell in Shell::each() {
            let mut sandbox = Sandbox::new(shell);
            sandbox.stub("docker", docker);
            sandbox.write("/srv/r2/compose.json", "{}");
            sandbox.run(&cmd).exits(code);
            assert!(sandbox.exists("/srv/r2/compose.json"), "{shell:?}: {docker}");
        }
    }
}

#[test]
fn only_a_directory_below_releases_is_removed() {
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.write("/var/releases/r1/x", "x");
        for dir in ["/var/releases/", "/var/releases", "/var"] {
            sandbox.run(&releases::remove(dir)).exits(71);
        }
        assert!(sandbox.exists("/var/releases/r1/x"));
        sandbox.run(&releases::remove("/var/releases/r1")).exits(0);
        assert!(sandbox.exists("/var/releases") && !sandbox.exists("/var/releases/r1"));
    }
}
