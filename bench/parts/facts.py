"""Facts from 1, 10 and 50 droplets: `ops` beside a bare ssh with the same script, pyinfra and Ansible."""
from kit import figures, peers, place
from kit.contest import Contest, capture
from kit.droplets import Droplets

ROUNDS = {1: 9, 10: 7, 50: 5}
# One round of Ansible on 50 droplets takes longer than all others together.
PEER_ROUNDS = {1: 5, 10: 3, 50: 3}


def measure():
    peers.prepare()
    droplets = Droplets()
    inventory = droplets.inventory()
    script, commands = capture(droplets, inventory)
    parts = [f"`ops {' '.join(('lock', 'status'))}`: {commands} command on each droplet, "
             f"{script.stdin.stat().st_size / 1000:.1f} kB of script.\n"]
    with droplets.sshd():
        for count in ROUNDS:
            parts.append(f"### {count} droplet{'s' * (count > 1)}\n\n" + sized(droplets, inventory, script, count))
    (place.HOME / ".bashrc").write_text("sleep 0.12\n")
    try:
        with droplets.sshd():
            title = "### 10 droplets whose login shell takes 0.12 s to start (as pyenv's lines in a .bashrc do)\n\n"
            parts.append(title + sized(droplets, inventory, script, 10))
    finally:
        (place.HOME / ".bashrc").unlink()
    place.fresh_runtime()
    return "\n".join(parts)


def sized(droplets, inventory, script, count, word="near"):
    place.say(f"  {count} droplets, {word}")
    contest = Contest(droplets, inventory, word, count)
    close = {"ops, cold": contest.ops_cold, "ops, warm": warm_after_cold(contest), "ssh, the script of ops": contest.raw(script)}
    series = figures.interleaved(close, ROUNDS[count])
    cold, warm, bare = series.values()
    ratios = [figures.ratio_row("ops cold / ssh", cold, bare, at_most=1.2),
              figures.ratio_row("ops warm / ssh", warm, bare, at_most=0.5)]
    against = {"ops, cold (beside the next two)": contest.ops_cold, **contest.peers("pyinfra", "ansible-core")}
    others = figures.interleaved(against, PEER_ROUNDS[count])
    cold, pyinfra, ansible = others.values()
    ratios += [figures.ratio_row("pyinfra / ops cold", pyinfra, cold, at_least=3.5),
               figures.ratio_row("ansible-core / ops cold", ansible, cold, at_least=8)]
    rows = [one.row() for one in [*series.values(), *others.values()]]
    seconds = figures.table(["seconds", *figures.SECONDS[1:]], rows)
    return seconds + "\n" + figures.table(figures.RATIOS, ratios)


def warm_after_cold(contest):
    """Each warm run finds what a command just before it left open, whatever ran in between."""
    def once():
        contest.ops_cold()
        return contest.ops_warm()
    return once
