"""Facts from 1, 10 and 50 droplets: `ops` beside a bare ssh with the same script, pyinfra and Ansible."""
from kit import figures, peers, place, raw
from kit.contest import COMMAND, Contest, capture
from kit.droplets import Droplets

ROUNDS = {1: 9, 10: 7, 50: 3}
# A round of Ansible on 50 droplets takes longer than all others together.
PEER_ROUNDS = {1: 5, 10: 3, 50: 1}
LIGHT = "  KexAlgorithms curve25519-sha256\n"


def measure():
    peers.prepare()
    droplets = Droplets()
    inventory = droplets.inventory()
    script, commands = capture(droplets, inventory)
    plain = raw.nine(droplets)
    parts = [f"`ops {' '.join(COMMAND)}`: {commands} command on each droplet, "
             f"{script.stdin.stat().st_size / 1000:.1f} kB of script.\n"]
    with droplets.sshd():
        for count in ROUNDS:
            title = f"### {count} droplet{'s' * (count > 1)}\n\n"
            parts.append(title + sized(droplets, inventory, script, plain, count))
        droplets.configure(LIGHT)
        title = ("### 10 droplets, with the key exchange that pyinfra has\n\n"
                 "OpenSSH's default is a post-quantum one (sntrup761x25519), which costs this machine's client most of "
                 "a connection's work; pyinfra's library does not know it. Here all have curve25519.\n\n")
        parts.append(title + sized(droplets, inventory, script, plain, 10))
        droplets.configure()
    (place.HOME / ".bashrc").write_text("sleep 0.12\n")
    try:
        with droplets.sshd():
            title = "### 10 droplets whose login shell takes 0.12 s to start (as pyenv's lines in a .bashrc do)\n\n"
            series, ratios = close(droplets, inventory, script, 10)
            parts.append(title + tables(series, ratios))
    finally:
        (place.HOME / ".bashrc").unlink()
    place.fresh_runtime()
    return "\n".join(parts)


def sized(droplets, inventory, script, plain, count):
    series, ratios = close(droplets, inventory, script, count)
    contest = Contest(droplets, inventory, "near", count)
    against = {"ops, cold (beside the next three)": contest.ops_cold, **contest.peers(),
               "ssh, the nine reads": contest.raw(plain)}
    others = figures.interleaved(against, PEER_ROUNDS[count])
    cold, pyinfra, ansible, bare = others.values()
    ratios += [figures.ratio_row("pyinfra / ops cold", pyinfra, cold, at_least=3.5),
               figures.ratio_row("ansible-core / ops cold", ansible, cold, at_least=8),
               figures.ratio_row("pyinfra / ssh, the nine reads", pyinfra, bare)]
    return tables([*series, *others.values()], ratios)


def close(droplets, inventory, script, count):
    """`ops` beside the bare ssh with its script: the series, and the rows of ratios."""
    place.say(f"  {count} droplets")
    contest = Contest(droplets, inventory, "near", count)
    contenders = {"ops, cold": contest.ops_cold, "ops, warm": warm_after_cold(contest),
                  "ssh, the script of ops": contest.raw(script)}
    series = figures.interleaved(contenders, ROUNDS[count])
    cold, warm, bare = series.values()
    ratios = [figures.ratio_row("ops cold / ssh", cold, bare, at_most=1.2),
              figures.ratio_row("ops warm / ssh", warm, bare, at_most=0.5)]
    return list(series.values()), ratios


def tables(series, ratios):
    seconds = figures.table(["seconds", *figures.SECONDS[1:]], [one.row() for one in series])
    return seconds + "\n" + figures.table(figures.RATIOS, ratios)


def warm_after_cold(contest):
    """Each warm run finds what a command just before it left open, whatever ran in between."""
    def once():
        contest.ops_cold()
        return contest.ops_warm()
    return once
