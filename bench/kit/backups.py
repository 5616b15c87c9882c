"""Real Odoo with a large database and many files: `ops` and the same by hand on it, round by round."""
import json
import subprocess
import sys

from . import figures, place
from .stacks import DROPLET, ENVIRONMENT, Stacks, lab

ROUNDS = 3
MEGABYTES, FILES = 1000, 20_000
# Of click-odoo-contrib, which wants nothing of the droplet but Odoo's image.
WHEELS = place.WORK / "wheels"
SIZES = f"{MEGABYTES} MB of rows, {FILES} files of 20 kB."


class Backups:
    def __init__(self):
        self.stacks = Stacks(seed=None)
        self.stacks.ops("deploy", ENVIRONMENT, "--ref", "main", "--yes")
        self.stacks.inventory = self.stacks.imageless_inventory()
        wheels()
        self.by_hand("fill", str(MEGABYTES), str(FILES))
        self.rows, self.ratios = [], []

    def compare(self, title, work, most, before=lambda _: None):
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
        self.rows.extend(one.row() for one in series.values())
        self.ratios.extend(figures.ratio_row(f"{title} / {name}", series[ours], series[name], at_most=most) for name in others)

    def alone(self, title, work, before=lambda: None):
        """What is only to be known."""
        series = figures.Series(title)
        for _ in range(ROUNDS):
            before()
            series.seconds.append(work())
        self.rows.append(series.row())

    def tables(self):
        return figures.table(["seconds", *figures.SECONDS[1:]], self.rows) + "\n" + figures.table(figures.RATIOS, self.ratios)

    def by_hand(self, *words):
        """Seconds."""
        script = place.BENCH / "kit/backup.sh"
        return place.timed(["ssh", "-F", self.stacks.ssh_config, DROPLET, "bash", "-s", "--", *words], stdin=script)[0]

    def ops(self, *words):
        return place.ops("--config", self.stacks.inventory, *words)[0]

    def drop_snapshots(self):
        """What was put aside would fill the disk."""
        listed = json.loads(self.stacks.ops("snapshots", "list", ENVIRONMENT, "--output", "json"))["snapshots"]
        names = [row["name"] for row in listed if not row["needed"]]
        if names:
            self.stacks.ops("snapshots", "drop", ENVIRONMENT, *names, "--yes", "--confirm", ENVIRONMENT)


def size(path):
    return int(lab("root", DROPLET, "sh", "-c", f"du -sb {path} | cut -f 1"))


def wheels():
    WHEELS.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--python-version", "3.9", "--only-binary=:all:", "-d", WHEELS,
                    "click-odoo-contrib"], check=True, stdin=subprocess.DEVNULL, timeout=300)
    lab("root", DROPLET, "mkdir", "-p", "/root/wheels")
    for wheel in WHEELS.iterdir():
        with open(wheel, "rb") as text:
            lab("root", DROPLET, "sh", "-c", f"cat >/root/wheels/{wheel.name}", stdin=text)
