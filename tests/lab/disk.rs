//! Full disks: before a deploy, in the middle of one, and under the stack's own directory. Small file
//! systems of the droplet's memory stand in for the disks.

use crate::droplet::Droplet;
use crate::failures::Bench;

const STATE: &str = "/var/lib/ops";
const STACK: &str = "/opt/odoo";

fn fill(droplet: Droplet, mount: &str) {
    // The end is that nothing more fits.
    let script = format!(
        "! dd if=/dev/zero of={mount}/fill bs=4k 2>/dev/null; df -Pk {mount} | awk 'NR==2 {{print $4}}'"
    );
    assert_eq!(droplet.root(&script), "0");
}

fn empty(droplet: Droplet, mount: &str) {
    droplet.root(&format!("rm {mount}/fill"));
}

pub fn full_disks(droplet: Droplet) {
    droplet.fresh();
    for (mount, size) in [(STATE, "16m"), (STACK, "2m")] {
        droplet.root(&format!("mkdir -p {mount} && mount -t tmpfs -o mode=700,size={size} tmpfs {mount}"));
    }
    let bench = Bench::with(droplet, &[("defaults:\n", "defaults:\n  min_free_percent: 0\n")]);

    before_the_deploy(&bench);
    in_the_middle(&bench);
    bench.deploy("standin-code").exits(0);
    bench.serves("standin-code");
    under_the_stack(&bench);
    bench.deploy("standin-code-2").exits(0);
    bench.serves("standin-code-2");
}

/// Seen by preflight, with numbers.
fn before_the_deploy(bench: &Bench) {
    fill(bench.droplet, STATE);
    bench.refuses("standin-code", 9, &["room for releases", "0 B of 16.7 MB free on /var/lib/ops", "needed"]);
    empty(bench.droplet, STATE);
}

/// Everything is full the moment after the new container was started: the journal, the undo and the
/// lock live from what was put aside.
fn in_the_middle(bench: &Bench) {
    let wait = "n=0; until cat /var/lib/ops/odoo/runs/*/steps/switch.slot.1/code 2>/dev/null | grep -q 0 || [ $n -gt 1200 ]; do n=$((n + 1)); sleep 0.05; done
        dd if=/dev/zero of=/var/lib/ops/fill bs=4k 2>/dev/null; df -Pk /var/lib/ops | awk 'NR==2 {print $4}' >/root/filled";
    bench.droplet.root(&format!("setsid sh -c {} </dev/null >/dev/null 2>&1 &", quote(wait)));
    bench.deploy_in_vain("standin-never-healthy").exits(6).says(&["put back"]);
    assert_eq!(bench.droplet.root("cat /root/filled"), "0", "the disk was not full in time");
    bench.serves("base");
    assert_eq!(
        bench.droplet.root("ls /var/lib/ops/odoo/releases | wc -l"),
        "2",
        "the failed release is left"
    );
    bench.laptop.ops(&["lock", "status", bench.droplet.env]).exits(0).says(&["free"]);
    empty(bench.droplet, STATE);
}

/// `.env` cannot be written anew: it stays whole, with its password.
fn under_the_stack(bench: &Bench) {
    let sum = bench.droplet.root("sha256sum /opt/odoo/.env; stat -c '%a %U' /opt/odoo/.env");
    fill(bench.droplet, STACK);
    bench.deploy("standin-code-2").exits(6).says(&["COMPOSE_FILE in .env", "No space left on device"]);
    assert_eq!(bench.droplet.root("sha256sum /opt/odoo/.env; stat -c '%a %U' /opt/odoo/.env"), sum);
    bench.serves("standin-code");
    empty(bench.droplet, STACK);
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
