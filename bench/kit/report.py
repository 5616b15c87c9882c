"""RESULTS.md: a head about what to make of it, then one section for each part."""
import datetime
import os
import platform
import re
import subprocess

from . import place

RESULTS = place.BENCH / "RESULTS.md"
# In this order, each with a module of its name in parts/.
PARTS = ["startup", "facts", "deploy", "strategies", "data", "modules", "backup", "restore", "health", "harden", "distance", "noop"]
HEAD = """# Measured

Written by `bench/run` (`make bench`); README.md in this directory says what is compared with what. Every
ratio is made of figures of one run with interleaved rounds. Load, cores and both ends of every
connection are one machine's, so seconds are that machine's and only the ratios mean something elsewhere.
"""


def first_line(*argv):
    try:
        done = subprocess.run(argv, capture_output=True, timeout=30, check=False, text=True)
    except OSError:
        return "not there"
    return ((done.stdout or done.stderr).strip().splitlines() or ["?"])[0]


def memory():
    with open("/proc/meminfo", encoding="ascii") as file:
        return round(int(file.readline().split()[1]) / 1048576)


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        found = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    return found.group(1).strip() if found else platform.machine()


def moment():
    """What is said of the machine when a part begins."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return f"{now:%Y-%m-%d %H:%M} UTC, load {os.getloadavg()[0]:.1f}"


def machine():
    system = platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    # Another binary was built from nobody knows what.
    own = place.OPS == place.REPOSITORY / "target/release/ops"
    commit = first_line("git", "-C", str(place.REPOSITORY), "rev-parse", "--short", "HEAD") if own else "another commit"
    return ("{}, kernel {}, {} cores ({}), {} GiB; {}; docker {}; ops {} at {}".format(
        system, platform.release(), os.cpu_count(), processor(), memory(), first_line("ssh", "-V").split(",")[0],
        first_line("docker", "version", "--format", "{{.Server.Version}}"),
        first_line(str(place.OPS), "--version").split(" ")[-1], commit))


def replace(part, before, text):
    """Puts a part's section in its place, the others untouched."""
    sections = {}
    if RESULTS.exists():
        for chunk in re.split(r"^(?=## )", RESULTS.read_text(), flags=re.M)[1:]:
            sections[chunk.split("\n", 1)[0][3:]] = chunk.rstrip() + "\n"
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    sections[part] = f"## {part}\n\n{machine()}; {before}, {load}.\n\n{text.rstrip()}\n"
    order = [name for name in PARTS if name in sections]
    new = RESULTS.with_suffix(".new")
    new.write_text("\n".join([HEAD, *(sections[name] for name in order)]))
    new.replace(RESULTS)
