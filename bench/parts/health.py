"""`ops health` of 1, 10, 50 and 100 droplets, near and 100 ms away: beside a bare ssh with the same reads, and the peers."""
from kit import figures, peers, place, raw
from kit.contest import Contest, capture
from kit.droplets import Droplets

COMMAND = ("health",)
# The bench's droplets have no Odoo, which is a finding.
FOUND = (0, 9)
SIZES = (1, 10, 50, 100)
ROUND_TRIP = 100
ROUNDS = {("near", 1): 9, ("near", 10): 5, ("near", 50): 3, ("near", 100): 3, ("far", 1): 5, ("far", 10): 3}
# A round of Ansible on many droplets takes longer than all others together.
PEERS = {("near", 1): 3, ("near", 10): 2, ("near", 50): 1, ("near", 100): 1, ("far", 1): 3, ("far", 10): 2}
MOST_MEMORY = 40  # MiB


def measure():
    peers.prepare()
    droplets = Droplets()
    inventory = droplets.inventory(SIZES)
    script, commands = capture(droplets, inventory, COMMAND, FOUND)
    parts = [f"`ops health`: {commands} command on each droplet over one login, "
             f"{script.stdin.stat().st_size / 1000:.1f} kB of script.\n"]
    with droplets.sshd(), droplets.proxy(ROUND_TRIP):
        for (word, count), rounds in ROUNDS.items():
            contest = Contest(droplets, inventory, word, count, COMMAND, FOUND)
            away = f" at {ROUND_TRIP} ms" if word == "far" else ""
            title = f"### {count} droplet{'s' * (count > 1)}{away}\n\n"
            parts.append(title + compared(contest, script, rounds, PEERS.get((word, count))))
        parts.append(memory(inventory))
    place.fresh_runtime()
    return "\n".join(parts)


def compared(contest, script, rounds, peer_rounds):
    place.say(f"  {contest.environment}")

    def warm():
        contest.ops_cold()
        return contest.ops_warm()

    contenders = {"ops, cold": contest.ops_cold, "ops, warm": warm, "ssh, the script of ops": contest.raw(script)}
    series = figures.interleaved(contenders, rounds)
    cold, kept, bare = series.values()
    ratios = [figures.ratio_row("ops cold / ssh", cold, bare, at_most=1.2),
              figures.ratio_row("ops warm / ssh", kept, bare, at_most=0.5)]
    rows = [one.row() for one in series.values()]
    if peer_rounds:
        against = {"ops, cold (beside the next two)": contest.ops_cold, **contest.peers()}
        others = figures.interleaved(against, peer_rounds)
        beside, pyinfra, ansible = others.values()
        rows += [one.row() for one in others.values()]
        ratios += [figures.ratio_row("pyinfra, nine reads / ops cold", pyinfra, beside, at_least=3.5),
                   figures.ratio_row("ansible-core, nine reads / ops cold", ansible, beside, at_least=8)]
    return figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)


def memory(inventory):
    count = SIZES[-1]
    place.fresh_runtime()
    peak = place.peak([place.OPS, "--config", inventory, *COMMAND, f"near{count}", "--output", "json"], ok=FOUND)
    if peak is None:
        return "Memory: no GNU time.\n"
    verdict = "reached" if peak < MOST_MEMORY else "**missed**"
    rows = [[f"peak memory of `ops health` on {count} droplets", f"{peak:.1f} MiB", f"under {MOST_MEMORY} MB", verdict]]
    return "### Memory\n\n" + figures.table(["", "measured", "target", ""], rows)
