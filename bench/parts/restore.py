"""Restores of real Odoo: `ops` beside restic and `pg_restore` typed by hand, and beside click-odoo's own."""
from kit.backups import SIZES, Backups
from kit.stacks import ENVIRONMENT
from kit.users import Users


def measure():
    all_ = Backups()
    all_.ops("backup", ENVIRONMENT, "--yes")
    all_.by_hand("back")

    def restore():
        return all_.ops("restore", ENVIRONMENT, "--confirm", ENVIRONMENT)

    over = lambda: all_.by_hand("restore", "over")  # noqa: E731
    work = {"`ops`": restore, "by hand": lambda: all_.by_hand("restore"), "by hand, all of it": over}
    all_.compare("restore", work, 1.1, lambda _: all_.drop_snapshots())
    with Users(f"{all_.stacks.address}.11", "erp.lab", "/ipai_docs/static/version.txt") as users:
        restore()
    all_.by_hand("click-ready")
    all_.by_hand("click-back")
    all_.alone("click-odoo-restoredb", lambda: all_.by_hand("click-restore"))
    return (f"{SIZES} By hand: fetched, and restored beside what serves. *All of it*, as `ops` does: then Odoo stopped, databases and "
            "files renamed, Odoo started, until its login page answers; `ops` also compares every file and the rows.\n\n" + all_.tables()
            + f"\nWithout an answer while users are at work: {users.gap:.1f} s.\n")
