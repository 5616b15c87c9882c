"""Backups of real Odoo: `ops` beside `pg_dump` and restic typed by hand, and beside click-odoo's own."""
from kit.backups import SIZES, Backups, size
from kit.stacks import ENVIRONMENT


def measure():
    all_ = Backups()
    backup = lambda: all_.ops("backup", ENVIRONMENT, "--yes")  # noqa: E731
    bare = lambda: all_.by_hand("back")  # noqa: E731
    backups = {"`ops`": backup, "by hand": bare, "by hand, all of it": lambda: all_.by_hand("back", "all")}
    all_.compare("the first backup", backups, 1.1, lambda name: all_.by_hand("forget-ops" if name == "`ops`" else "forget"))
    added = {}
    for name, path, work in (("ops", "/var/backups/ops", backup), ("by hand", "/var/backups/bare", bare)):
        all_.by_hand("day")
        before = size(path)
        work()
        added[name] = size(path) - before
    all_.compare("a backup of the next day", backups, 1.1, lambda _: all_.by_hand("day"))
    verify = lambda: all_.ops("backup", "verify", ENVIRONMENT, "--yes")  # noqa: E731
    all_.compare("verify", {"`ops`": verify, "by hand": lambda: all_.by_hand("verify")}, 1.1)
    all_.by_hand("click-ready")
    all_.alone("click-odoo-backupdb", lambda: all_.by_hand("click-back"))
    return (f"{SIZES} By hand: dumped and stored. *All of it*, as `ops` does: the dump read to its end, sums of its files, each file of "
            "Odoo compared with its name, what was stored listed, tagged, and what is too old forgotten.\n\n" + all_.tables()
            + f"\nAdded by the next day, of which a hundredth of the rows changed: ops {added['ops'] / 1e6:.0f} MB, by hand "
            f"{added['by hand'] / 1e6:.0f} MB.\n")
