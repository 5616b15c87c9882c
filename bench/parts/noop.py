"""A plan of 20 steps that do nothing: what journal, lock and detached steps cost, beside other ways to do it."""
from kit import figures, peers, place
from kit.droplets import Droplets
from kit.noops import STEPS, Noops

ROUND_TRIPS = {"near": 0, "far": 100}
ROUNDS = {1: 7, 10: 5, 50: 3}
# A round of Ansible on 50 droplets takes longer than all others together.
PEER_ROUNDS = {1: 3, 10: 2, 50: 1}


def measure():
    peers.prepare()
    droplets = Droplets()
    inventory = droplets.inventory()
    parts = [f"{STEPS} steps of `true` in one critical section on each droplet, each with an undo, a journal and a log.\n"]
    with droplets.sshd(), droplets.proxy(ROUND_TRIPS["far"]):
        for word, round_trip in ROUND_TRIPS.items():
            for count in ROUNDS:
                place.say(f"  {count} droplets at {round_trip} ms")
                title = f"### {count} droplet{'s' * (count > 1)}, round trip {round_trip} ms\n\n"
                parts.append(title + sized(Noops(droplets, inventory, word, count), count))
    place.fresh_runtime()
    return "\n".join(parts)


def sized(noops, count):
    close = figures.interleaved({"ops": noops.ops, "ssh, one script": noops.shell}, ROUNDS[count])
    ops, shell = close.values()
    ratios = [figures.ratio_row("ops / ssh, one script", ops, shell, at_most=1.3)]
    against = {"ops (beside the next three)": noops.ops, "ssh, a session for each step": noops.stepwise, **noops.peers()}
    others = figures.interleaved(against, PEER_ROUNDS[count])
    again, stepwise, pyinfra, ansible = others.values()
    ratios += [figures.ratio_row("ops / ssh, a session for each step", again, stepwise),
               figures.ratio_row("pyinfra / ops", pyinfra, again, at_least=3.5),
               figures.ratio_row("ansible-core / ops", ansible, again, at_least=8)]
    rows = [one.row() for one in [*close.values(), *others.values()]]
    return figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)
