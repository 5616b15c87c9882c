"""Backups of real Odoo: `ops` beside `pg_dump` and restic typed by hand, and beside click-odoo's own."""
import json
import subprocess
import sys

from kit import figures, place
from kit.stacks import DROPLET, ENVIRONMENT, Stacks, lab
from kit.users import Users

ROUNDS = 3
MEGABYTES, FILES = 1000, 20_000
# Of click-odoo-contrib, which wants nothing of the droplet but Odoo's image.
WHEELS = place.WORK / "wheels"


def measure():
    stacks = Stacks(seed=None)
    stacks.ops("deploy", ENVIRONMENT, "--ref", "main", "--yes")
    stacks.inventory = stacks.imageless_inventory()
    wheels()
    by_hand(stacks, "fill", str(MEGABYTES), str(FILES))
    rows, ratios = [], []

    def compare(title, work, most, before=lambda _: None):
        """`work`: by its name; the first is ours, the others are what it is compared with."""
        ours, *others = work
        series = {name: figures.Series(f"{name}: {title}") for name in work}
        for number in range(ROUNDS):
            place.fresh_runtime()
            names = list(work)
            for name in names[number % len(names):] + names[: number % len(names)]:
                before(name)
                series[name].seconds.append(work[name]())
            place.say(f"  {title}: " + ", ".join(f"{name} {one.seconds[-1]:.1f} s" for name, one in series.items()))
        rows.extend(one.row() for one in series.values())
        ratios.extend(figures.ratio_row(f"{title} / {name}", series[ours], series[name], at_most=most) for name in others)

    def anew(name):
        by_hand(stacks, "forget-ops" if name == "`ops`" else "forget")

    backup = lambda: ops(stacks, "backup", ENVIRONMENT, "--yes")  # noqa: E731
    bare = lambda: by_hand(stacks, "back")  # noqa: E731
    backups = {"`ops`": backup, "by hand": bare, "by hand, all of it": lambda: by_hand(stacks, "back", "all")}
    compare("the first backup", backups, 1.1, anew)
    added = {}
    for name, path, work in (("ops", "/var/backups/ops", backup), ("by hand", "/var/backups/bare", bare)):
        by_hand(stacks, "day")
        before = size(path)
        work()
        added[name] = size(path) - before
    compare("a backup of the next day", backups, 1.1, lambda _: by_hand(stacks, "day"))
    verify = lambda: ops(stacks, "backup", "verify", ENVIRONMENT, "--yes")  # noqa: E731
    compare("verify", {"`ops`": verify, "by hand": lambda: by_hand(stacks, "verify")}, 1.1)
    gaps = []

    def restore():
        with Users(f"{stacks.address}.11", "erp.lab", "/ipai_docs/static/version.txt") as users:
            seconds = ops(stacks, "restore", ENVIRONMENT, "--confirm", ENVIRONMENT)
        gaps.append(users.gap)
        drop_snapshots(stacks)
        return seconds

    over = lambda: by_hand(stacks, "restore", "over")  # noqa: E731
    compare("restore", {"`ops`": restore, "by hand": lambda: by_hand(stacks, "restore"), "by hand, all of it": over}, 1.1)
    by_hand(stacks, "click-ready")
    click = [figures.Series("click-odoo-backupdb"), figures.Series("click-odoo-restoredb")]
    for _ in range(ROUNDS):
        for series, verb in zip(click, ("click-back", "click-restore")):
            series.seconds.append(by_hand(stacks, verb))
    rows.extend(one.row() for one in click)
    return (f"{MEGABYTES} MB of rows, {FILES} files of 20 kB. By hand: dumped and stored, and fetched beside what "
            "serves. *All of it*, as `ops` does: the dump read to its end, sums of its files, each file of Odoo compared with its name, what was "
            "stored listed, tagged, and what is too old forgotten; and Odoo stopped, the databases and files renamed, started, until "
            "its login page answers.\n\n"
            + figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)
            + f"\nAdded by the next day, of which a hundredth of the rows changed: ops {added['ops'] / 1e6:.0f} MB, by hand "
            f"{added['by hand'] / 1e6:.0f} MB. Without an answer during a restore: {', '.join(f'{gap:.1f}' for gap in gaps)} s.\n")


def wheels():
    WHEELS.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--python-version", "3.9", "--only-binary=:all:", "-d", WHEELS,
                    "click-odoo-contrib"], check=True, stdin=subprocess.DEVNULL, timeout=300)
    lab("root", DROPLET, "mkdir", "-p", "/root/wheels")
    for wheel in WHEELS.iterdir():
        with open(wheel, "rb") as text:
            lab("root", DROPLET, "sh", "-c", f"cat >/root/wheels/{wheel.name}", stdin=text)


def by_hand(stacks, *words):
    """Seconds."""
    script = place.BENCH / "kit/backup.sh"
    return place.timed(["ssh", "-F", stacks.ssh_config, DROPLET, "bash", "-s", "--", *words], stdin=script)[0]


def ops(stacks, *words):
    return place.ops("--config", stacks.inventory, *words)[0]


def size(path):
    return int(lab("root", DROPLET, "sh", "-c", f"du -sb {path} | cut -f 1"))


def drop_snapshots(stacks):
    """What was put aside would fill the disk."""
    listed = json.loads(stacks.ops("snapshots", "list", ENVIRONMENT, "--output", "json"))["snapshots"]
    names = [row["name"] for row in listed if not row["needed"]]
    if names:
        stacks.ops("snapshots", "drop", ENVIRONMENT, *names, "--yes", "--confirm", ENVIRONMENT)
