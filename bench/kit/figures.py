"""Repetitions, interleaved, and what is said of them."""
from statistics import median

from . import place


class Series:
    """Seconds of one contender."""

    def __init__(self, name):
        self.name = name
        self.seconds = []

    @property
    def middle(self):
        return median(self.seconds)

    def row(self, unit=1.0, digits=2):
        words = [f"{value * unit:.{digits}f}" for value in (min(self.seconds), self.middle, max(self.seconds))]
        return [self.name, *words, str(len(self.seconds))]


def interleaved(contenders, rounds):
    """Runs every contender once a round, each round starting with another one, so that a busy minute of
    the machine is everybody's. `contenders`: name -> function that returns seconds.
    """
    series = {name: Series(name) for name in contenders}
    names = list(contenders)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            series[name].seconds.append(contenders[name]())
        shown = ", ".join(f"{name} {series[name].seconds[-1]:.2f}" for name in names)
        place.say(f"  round {number + 1} of {rounds}: {shown}")
    return series


def ratio(numerator, denominator):
    """The median of the rounds' own ratios, with the smallest and the largest."""
    rounds = [a / b for a, b in zip(numerator.seconds, denominator.seconds)]
    return min(rounds), median(rounds), max(rounds)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ratio_row(title, numerator, denominator, at_most=None, at_least=None):
    """A row of a table of ratios: min, median, max, the target and whether it was reached."""
    low, middle, high = ratio(numerator, denominator)
    if at_most is not None:
        target, reached = f"at most {at_most}", middle <= at_most
    elif at_least is not None:
        target, reached = f"at least {at_least}", middle >= at_least
    else:
        target, reached = "", None
    word = {True: "reached", False: "**missed**", None: ""}[reached]
    return [title, f"{low:.2f}", f"{middle:.2f}", f"{high:.2f}", target, word]


SECONDS = ["", "min", "median", "max", "n"]
RATIOS = ["ratio, round by round", "min", "median", "max", "target", ""]
