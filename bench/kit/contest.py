"""Facts: `ops` and everything it is compared with, on some droplets at once."""
import shutil

from . import peers, place, raw, reads

# A command that gathers the facts once and does nothing else on the droplets.
COMMAND = ("lock", "status")


class Contest:
    """Contenders on the first `count` droplets, `word` being near or far; `ok` are the exit codes of a good answer."""

    def __init__(self, droplets, inventory, word, count, command=COMMAND, ok=(0,)):
        self.command, self.ok = command, ok
        self.droplets = droplets
        self.inventory = inventory
        self.environment = f"{word}{count}"
        self.hosts = droplets.of(count, net_of(word))

    def ops_cold(self):
        place.fresh_runtime()
        return self.ops()

    def ops_warm(self):
        """On the connections that the last command left."""
        return self.ops()

    def ops(self):
        words = ("--config", self.inventory, *self.command, self.environment, "--output", "json")
        return place.ops(*words, ok=self.ok)[0]

    def peers(self):
        known = reads.nine(self.droplets.work / "stack", self.droplets.work / "state")
        tasks = reads.for_ansible(known)
        return {"pyinfra": peers.pyinfra(self.droplets, self.hosts, reads.for_pyinfra(known)),
                "ansible-core": peers.ansible(self.droplets, self.hosts, tasks, len(known))}

    def raw(self, script):
        return lambda: raw.everywhere(self.droplets, self.hosts, script)


def net_of(word):
    from .droplets import FAR, NEAR
    return {"near": NEAR, "far": FAR}[word]


def capture(droplets, inventory, command=COMMAND, ok=(0,)):
    """The one script of `ops`, as its bytes arrive at a droplet; how many commands arrived is told too."""
    directory = droplets.work / "captured"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    place.fresh_runtime()
    with droplets.sshd(f"ForceCommand {place.BENCH}/kit/capture.sh {directory}\n"):
        Contest(droplets, inventory, "near", 1, command, ok).ops()
        place.fresh_runtime()
    commands = sorted(directory.glob("*.command"))
    largest = max(commands, key=lambda file: file.with_suffix(".stdin").stat().st_size)
    return raw.Script(largest.read_text(), largest.with_suffix(".stdin")), len(commands)
