//! The first deploy over a stack that was made by hand: it is taken over where it stands.

use crate::droplet::{Droplet, lab};
use crate::laptop::Laptop;

/// Rows and files of a stack in use.
struct Data {
    droplet: Droplet,
    /// Where the database's cluster and Odoo's files are, as their containers have them mounted.
    mounts: String,
    files: String,
    rows: String,
}

const MOUNTS: &str = "for c in odoo-db-1 $(docker ps --format '{{.Names}}' | grep odoo-odoo); do
  docker inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Source}} {{.Destination}}{{println}}{{end}}' $c
done | grep -E '/var/lib/(odoo|postgresql/data)' | sort";

const ROWS: &str = "select md5(string_agg(t::text, ',' order by id)) from ipai_document t";

/// The files a container has in Odoo's data directory, by content.
const FILES: &str = "docker exec $(docker ps --format '{{.Names}}' | grep odoo-odoo) sh -c 'find /var/lib/odoo -type f -exec sha256sum {} + | sort'";

impl Data {
    /// Puts rows and files in, as use does.
    fn grown(droplet: Droplet) -> Self {
        droplet.sql(
            "insert into ipai_document (name, pages) select 'page ' || n, n from generate_series(1, 500) n",
        );
        droplet.root(
            "docker exec -u 0 odoo-odoo-1 sh -c 'mkdir -p /var/lib/odoo/filestore/odoo/ab /var/lib/odoo/sessions &&
               echo attachment >/var/lib/odoo/filestore/odoo/ab/abcdef && echo s >\"/var/lib/odoo/sessions/a b\"'",
        );
        let files = droplet.root(FILES);
        assert!(files.lines().count() >= 3, "{files}");
        let mounts = droplet.root(MOUNTS);
        assert_eq!(mounts.lines().count(), 2, "{mounts}");
        Self { droplet, mounts, files, rows: droplet.sql(ROWS) }
    }

    #[track_caller]
    fn is_all_there(&self) {
        assert_eq!(self.droplet.root(MOUNTS), self.mounts);
        // Odoo adds sessions; what was there is there.
        let now = self.droplet.root(FILES);
        let missing: Vec<_> =
            self.files.lines().filter(|file| !now.lines().any(|one| one == *file)).collect();
        assert!(missing.is_empty(), "changed or gone: {missing:#?}");
        assert_eq!(self.droplet.sql(ROWS), self.rows);
        assert_eq!(self.droplet.sql("select count(*) from ipai_document"), "500");
    }
}

/// Seeds the droplet by hand, fills it, deploys `git_ref` over it (its code says its name without the
/// prefix `family`): everything is still there, what ran
/// became release 0, and the files of the stack's own directory are as they were.
pub fn a_hand_made_stack(droplet: Droplet, seed: &[&str], family: &str, git_ref: &str) {
    droplet.seeded(seed);
    let data = Data::grown(droplet);
    // What people leave in such a directory: a variable of their own, an edited file, a stray one.
    droplet.root("cd /opt/odoo && echo 'MY_OWN=kept as it is' >>.env && echo '; by hand' >>odoo.conf && echo x >notes.txt");
    let database = droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-db-1");
    let files = "cd /opt/odoo && git -c safe.directory='*' status --porcelain && git -c safe.directory='*' rev-parse HEAD &&
      sha256sum odoo.conf notes.txt compose.yaml && grep -v '^COMPOSE_' .env && stat -c '%a %U %n' .env odoo.conf .";
    let before = droplet.root(files);

    let laptop = Laptop::new();
    laptop.deploy(droplet.env, git_ref, &[]).exits(0).says(&[
        "keep what runs now as release 0",
        "left as they run: db",
        "odoo.conf",
    ]);

    assert_eq!(droplet.release(), git_ref.strip_prefix(family).unwrap_or(git_ref));
    data.is_all_there();
    assert_eq!(droplet.root(files), before, "the stack's own directory changed");
    assert_eq!(droplet.root("docker inspect -f '{{.Id}} {{.State.StartedAt}}' odoo-db-1"), database);
    // The edited odoo.conf is theirs; the code is the release's.
    let conf = droplet.root(&format!("docker exec {} tail -n 1 /etc/odoo/odoo.conf", droplet.web()));
    assert_eq!(conf, "; by hand");
    // One project, the one that ran: nothing was made beside it.
    assert_eq!(droplet.root("docker compose ls -q --all"), "odoo");
    let releases = laptop.json(&["releases", "list", droplet.env]);
    let ids: Vec<_> = releases["releases"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!((ids.len(), ids[1]), (2, &"0".into()), "{releases}");
    // Release 0 can be started again: its model is whole, its image is kept.
    droplet.root("docker image inspect ops/odoo:0-odoo");
    droplet.root("docker compose -p odoo --project-directory /opt/odoo -f /var/lib/ops/odoo/releases/0/compose.json config -q");
    laptop.deploy(droplet.env, git_ref, &[]).exits(0).says(&["nothing to do"]);
}

/// A stack with two compose files, `extends`, an image of its own, fixed names, services, networks and
/// volumes of others, a profile, and data in a directory that git keeps alive: all of it is respected.
pub fn a_grown_stack(droplet: Droplet) {
    droplet.fresh();
    droplet.root(
        "docker network create edge && docker volume create legacy &&
         docker run --rm -u 0 --entrypoint sh -v legacy:/l registry.lab:5000/standin:1 -c 'echo old >/l/file'",
    );
    lab(&["seed", droplet.name, "standin", "--bind-data", "--branch", "standin-grown"]);
    droplet.root("docker exec erp-odoo sh -c 'echo attachment >/var/lib/odoo/filestore/kept'");
    let others = "docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' odoo-db-1 erp-cache";
    let before = droplet.root(others);

    let both = "compose: [compose.yaml, compose.override.yaml]";
    let laptop = Laptop::with(&[("compose: [compose.yaml]", both)]);
    let deploy = || laptop.deploy(droplet.env, "standin-grown-code", &[]);
    deploy().exits(0).says(&["build the image of odoo", "left as they run: cache, db"]);
    assert_eq!(droplet.release(), "grown-code");
    assert_eq!(droplet.root(others), before);
    // The image is built from the release: the file in it is the new one.
    let inside = "docker exec erp-odoo-b sh -c 'cat /etc/odoo/built /var/lib/odoo/filestore/kept /mnt/legacy/file; echo $LAB_MODE'";
    assert_eq!(droplet.root(inside), "grown-code\nattachment\nold\noverride");
    let networks =
        "docker inspect -f '{{range $name, $one := .NetworkSettings.Networks}}{{$name}} {{end}}' erp-odoo-b";
    assert_eq!(droplet.root(networks), "edge odoo_default ");
    assert_eq!(
        droplet.root("docker ps -a --format '{{.Names}}' | sort"),
        "erp-cache\nerp-odoo\nerp-odoo-b\nodoo-db-1"
    );
    deploy().exits(0).says(&["nothing to do"]);
}
