"""Start-up time, memory and size of the binary."""
import subprocess
import time

from kit import figures, place
from kit.droplets import Droplets

ROUNDS = 200


def measure():
    droplets = Droplets()
    inventory = str(droplets.inventory())
    commands = {
        "`true`, to compare": ["/bin/true"],
        "`ops --version`": [str(place.OPS), "--version"],
        "`ops --help`": [str(place.OPS), "--help"],
        "`ops completions bash`": [str(place.OPS), "completions", "bash"],
        "`ops config check near50`": [str(place.OPS), "--config", inventory, "config", "check", "near50"],
        "TAB: `ops d`": tab(inventory, "d"),
        "TAB: `ops deploy n` (environments)": tab(inventory, "deploy", "n"),
        "TAB: `ops preflight near50 --droplet d` (droplets)": tab(inventory, "preflight", "near50", "--droplet", "d"),
    }
    contenders = {name: starter(argv, name.startswith("TAB")) for name, argv in commands.items()}
    series = interleaved_quietly(contenders)
    rows = [series[name].row(1000, 1) + [peak(argv)] for name, argv in commands.items()]
    size = place.OPS.stat().st_size / 1e6
    version, tabs = series["`ops --version`"].middle * 1000, [s.middle * 1000 for n, s in series.items() if "TAB" in n]
    targets = figures.table(["", "measured", "target", ""], [
        ["binary", f"{size:.2f} MB", "under 8 MB", verdict(size < 8)],
        ["`ops --version`", f"{version:.1f} ms", "under 5 ms", verdict(version < 5)],
        ["slowest TAB", f"{max(tabs):.1f} ms", "under 50 ms", verdict(max(tabs) < 50)],
    ])
    head = ["milliseconds, process creation included", "min", "median", "max", "n", "peak memory"]
    return figures.table(head, rows) + "\n" + targets


def verdict(reached):
    return "reached" if reached else "**missed**"


def tab(inventory, *words):
    """What the shell's completion runs, the last word being completed."""
    return ["/usr/bin/env", "COMPLETE=bash", f"_CLAP_COMPLETE_INDEX={len(words) + 1}", "_CLAP_COMPLETE_COMP_TYPE=9",
            "_CLAP_COMPLETE_SPACE=true", "_CLAP_IFS=\n", str(place.OPS), "--", "ops", f"--config={inventory}", *words]


def starter(argv, must_answer):
    """A function that runs the command once; milliseconds matter, so nothing is captured by default."""
    env = place.environment()
    _, out = place.timed(argv, env=env)
    if must_answer and not out.strip():
        raise place.Failed(f"no completion came back of {argv}")

    def once():
        start = time.perf_counter()
        code = subprocess.call(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=env, cwd=place.WORK)
        seconds = time.perf_counter() - start
        if code != 0:
            raise place.Failed(f"exit {code} of {argv}")
        return seconds
    return once


def interleaved_quietly(contenders):
    series = {name: figures.Series(name) for name in contenders}
    for _ in range(ROUNDS):
        for name, once in contenders.items():
            series[name].seconds.append(once())
    return series


def peak(argv):
    mebibytes = place.peak(argv)
    return "no GNU time" if mebibytes is None else f"{mebibytes:.1f} MiB"
