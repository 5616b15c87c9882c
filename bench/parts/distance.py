"""The same at 100 ms round trip, through the delaying proxy: what each round trip of a tool costs."""
from kit import figures, peers, place
from kit.contest import Contest, capture
from kit.droplets import Droplets
from kit.stacks import Stacks
from parts.deploy import compared

ROUND_TRIP = 100
ROUNDS = {1: 5, 10: 3}
DEPLOYS = 5


def measure():
    peers.prepare()
    stacks = Stacks()
    with stacks.proxy(ROUND_TRIP):
        stacks.by_ops(), stacks.by_hand()
        parts = [f"### A deploy at {ROUND_TRIP} ms\n\n" + compared(stacks, DEPLOYS, far=True)]
    droplets = Droplets()
    inventory = droplets.inventory()
    script, _ = capture(droplets, inventory)
    with droplets.sshd(), droplets.proxy(ROUND_TRIP):
        for count, rounds in ROUNDS.items():
            parts.append(f"### Facts from {count} at {ROUND_TRIP} ms\n\n" + facts(droplets, inventory, script, count, rounds))
    place.fresh_runtime()
    return "\n".join(parts)


def facts(droplets, inventory, script, count, rounds):
    contest = Contest(droplets, inventory, "far", count)

    def warm():
        contest.ops_cold()
        return contest.ops_warm()

    contenders = {"ops, cold": contest.ops_cold, "ops, warm": warm, "ssh, the script of ops": contest.raw(script)}
    contenders.update(contest.peers())
    series = figures.interleaved(contenders, rounds)
    cold, warm_series, bare, *others = series.values()
    ratios = [figures.ratio_row("ops cold / ssh", cold, bare), figures.ratio_row("ops warm / ssh", warm_series, bare)]
    ratios += [figures.ratio_row(f"{other.name} / ops cold", other, cold) for other in others]
    rows = [one.row() for one in series.values()]
    return figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)
