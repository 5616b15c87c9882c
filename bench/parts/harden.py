"""`ops harden --audit`: of 1 and 20 droplets beside a bare ssh with the same reads, and of a lab droplet beside lynis on it."""
from kit import figures, place
from kit.contest import Contest, capture
from kit.droplets import Droplets
from kit.stacks import DROPLET, ENVIRONMENT, Stacks

COMMAND = ("harden", "--audit")
# Nothing of the bench's droplets is as it ought to be.
FOUND = (0, 9)
ROUNDS = {1: 9, 20: 5}
LYNIS = 3


def measure():
    droplets = Droplets()
    inventory = droplets.inventory(tuple(ROUNDS))
    script, commands = capture(droplets, inventory, COMMAND, FOUND)
    parts = [f"{commands} command on each droplet over one login, {script.stdin.stat().st_size / 1000:.1f} kB of script; then ports are "
             "knocked at from here.\n"]
    with droplets.sshd():
        for count, rounds in ROUNDS.items():
            contest = Contest(droplets, inventory, "near", count, COMMAND, FOUND)
            place.say(f"  {contest.environment}")
            bare = "ssh, the script of ops"
            series = figures.interleaved({"ops, cold": contest.ops_cold, bare: contest.raw(script)}, rounds)
            ratio = figures.ratio_row(f"ops cold / {bare}", *series.values(), at_most=1.2)
            parts.append(f"### {count} droplet{'s' * (count > 1)}\n\n" + tables(series, [ratio]))
    parts.append("### Beside lynis, on a droplet of the lab\n\n" + beside_lynis())
    place.fresh_runtime()
    return "\n".join(parts)


def beside_lynis():
    stacks = Stacks()

    def ops():
        place.fresh_runtime()
        return place.ops("--config", stacks.inventory, *COMMAND, ENVIRONMENT, "--output", "json", ok=FOUND)[0]

    def lynis():
        words = ("lynis", "audit", "system", "--quick", "--quiet", "--no-colors")
        return place.timed(["ssh", "-F", stacks.ssh_config, DROPLET, *words])[0]

    series = figures.interleaved({"lynis, by ssh": lynis, "ops, cold": ops}, LYNIS)
    return tables(series, [figures.ratio_row("lynis / ops cold", *series.values())])


def tables(series, ratios):
    rows = [one.row() for one in series.values()]
    return figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)
