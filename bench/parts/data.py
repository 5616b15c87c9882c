"""Deploys and rollbacks that change the database: how long users get no answer, by the size of the database."""
import json
from statistics import median

from kit import figures, place
from kit.stacks import ENVIRONMENT, SITES, Stacks, lab
from kit.users import Users

PATH = "/ipai_docs/static/version.txt"
ROUNDS = 3
# Megabytes.
SIZES = (100, 1000, 3000)
# Values that PostgreSQL keeps as they are; 1 kB each.
FILL = """
create table if not exists bench_fill (value text);
alter table bench_fill alter column value set storage external;
insert into bench_fill select repeat(md5(n::text), 30) from generate_series(1, {rows}) n
"""


def measure():
    stacks = Stacks()
    stacks.by_ops()
    rows = []
    for size in SIZES:
        grow(size)
        update, back, steps = [], [], {}
        for number in range(ROUNDS):
            update.append(interrupted(stacks, lambda: stacks.by_ops(change=stacks.raise_version)))
            for step, millis in ledger(stacks).items():
                steps.setdefault(step, []).append(millis / 1000)
            back.append(interrupted(stacks, lambda: stacks.ops("rollback", ENVIRONMENT, "--with-data", "--yes", "--confirm", ENVIRONMENT)))
            place.say(f"  {size} MB, round {number + 1} of {ROUNDS}: {update[-1]:.1f} s and back {back[-1]:.1f} s")
            drop_snapshots(stacks)
        copy, work = (median(steps[step]) for step in ("switch.snapshot", "switch.update"))
        rows.append([f"{size} MB", spread(update), f"{copy:.1f}", f"{work:.1f}", f"{median(update) - copy - work:.1f}", spread(back)])
    head = ["database", "a deploy that updates a module", "of it the copy", "of it Odoo's own update",
            "the rest (target: 5)", "rollback with data (target: 15)"]
    return "Seconds without an answer for four users of the stand-in.\n\n" + figures.table(head, rows)


def grow(megabytes):
    """Fills the database until it has this size."""
    has = int(sql("select pg_database_size('odoo')")) // 1_000_000
    sql(FILL.format(rows=max(0, megabytes - has) * 1000))
    sql("checkpoint")


def sql(statement):
    return lab("root", "demo-1", "docker", "exec", "odoo-db-1", "psql", "-XAtq", "-U", "odoo", "-d", "odoo", "-c", statement)


def interrupted(stacks, work):
    """The longest time without an answer."""
    with Users(f"{stacks.address}.11", SITES["ops"], PATH) as users:
        work()
    return users.gap


def ledger(stacks):
    """Milliseconds of each step of the newest run."""
    runs = json.loads(stacks.ops("runs", "list", ENVIRONMENT, "--output", "json"))["runs"]
    return {row["step"]: row["millis"] for row in runs[0]["ledger"]}


def drop_snapshots(stacks):
    """What was put aside would fill the disk."""
    listed = json.loads(stacks.ops("snapshots", "list", ENVIRONMENT, "--output", "json"))["snapshots"]
    names = [row["name"] for row in listed if not row["needed"]]
    if names:
        stacks.ops("snapshots", "drop", ENVIRONMENT, *names, "--yes", "--confirm", ENVIRONMENT)


def spread(seconds):
    return f"{median(seconds):.1f} ({min(seconds):.1f}-{max(seconds):.1f})"
