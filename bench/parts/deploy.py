"""A whole deploy of a stand-in stack on a lab droplet, beside the same commands typed over one ssh."""
from statistics import median

from kit import figures, place
from kit.stacks import Stacks

ROUNDS = 7
COUNTED = 3


def measure():
    stacks = Stacks()
    # The first deploy adopts what was made by hand, which happens once in a stack's life.
    place.say(f"  first deploy {stacks.by_ops():.2f} s, by hand {stacks.by_hand():.2f} s")
    text = compared(stacks, ROUNDS)
    rows = []
    for name, deploy in (("ops deploy", stacks.by_ops), ("by hand", stacks.by_hand)):
        counts = [stacks.counted(deploy) for _ in range(COUNTED)]
        logins, commands, _ = counts[-1]
        spent = [one[2] for one in counts]
        rows.append([name, str(logins), str(commands), f"{median(spent):.2f} ({min(spent):.2f}-{max(spent):.2f})"])
    head = ["one deploy, as the droplet counts", "logins", "sessions (commands, channels)", "seconds of processor"]
    return text + "\n" + figures.table(head, rows)


def compared(stacks, rounds, far=False):
    series = figures.interleaved({"ops deploy": lambda: stacks.by_ops(far), "by hand, one ssh": lambda: stacks.by_hand(far)}, rounds)
    ops, hand = series.values()
    rows = [ops.row(), hand.row()]
    ratios = [figures.ratio_row("ops deploy / by hand", ops, hand, at_most=None if far else 1.15)]
    return figures.table(["seconds", *figures.SECONDS[1:]], rows) + "\n" + figures.table(figures.RATIOS, ratios)
