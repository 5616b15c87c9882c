"""Deploys while users ask: how long each strategy takes, and what of it they see."""
from statistics import median

from kit import figures, place
from kit.stacks import SITES, Stacks
from kit.users import Users

ROUNDS = 5
PATH = "/ipai_docs/static/version.txt"


def measure():
    stacks = Stacks()
    stacks.by_ops()
    seconds = {name: figures.Series(name) for name in ("blue-green", "recreate")}
    seen = {name: [] for name in seconds}
    for number in range(ROUNDS):
        for name, series in seconds.items():
            with Users(f"{stacks.address}.11", SITES["ops"], PATH) as users:
                series.seconds.append(stacks.by_ops(strategy=name))
            seen[name].append(users)
            place.say(f"  round {number + 1} of {ROUNDS}: {name} {series.seconds[-1]:.2f} s, "
                      f"{users.failed} of {users.requests} requests failed")
    rows = [[name, str(sum(one.requests for one in all)), str(sum(one.failed for one in all)),
             f"{median(one.gap for one in all):.2f} ({min(one.gap for one in all):.2f}-{max(one.gap for one in all):.2f})"]
            for name, all in seen.items()]
    head = ["four users, two on kept connections", "requests", "failed", "longest time without an answer, seconds"]
    return (figures.table(["seconds", *figures.SECONDS[1:]], [one.row() for one in seconds.values()]) + "\n"
            + figures.table(head, rows))
