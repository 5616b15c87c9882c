"""A plan of steps that do nothing: `ops` and everything it is compared with, on some droplets at once."""
import json
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from . import peers, place, raw
from .contest import net_of

STEPS = 20


class Noops:
    """Contenders on the first `count` droplets, `word` being near or far. Each checks that its steps were done."""

    def __init__(self, droplets, inventory, word, count):
        self.droplets = droplets
        self.inventory = inventory
        self.environment = f"{word}{count}"
        self.hosts = droplets.of(count, net_of(word))
        self.state = droplets.work / "state"
        self.bare_state = droplets.work / "bare"

    def ops(self):
        """The droplets are as after any run: the runner is there, and the room put aside for a full disk."""
        place.fresh_runtime()
        before = self.journals()
        if len({journal.parents[2] for journal in before}) < len(self.hosts):
            place.timed([place.NOOP, self.inventory, self.environment, str(STEPS), place.RUNTIME])
            place.fresh_runtime()
            before = self.journals()
        seconds, _ = place.timed([place.NOOP, self.inventory, self.environment, str(STEPS), place.RUNTIME])
        ends = 0
        for journal in self.journals() - before:
            lines = [json.loads(line) for line in journal.read_text().splitlines()]
            ends += sum(line["event"] == "end" and line["code"] == 0 for line in lines)
        self.want(ends)
        return seconds

    def journals(self):
        return set(self.state.glob("*/runs/*/journal.jsonl"))

    def shell(self):
        """One session with the whole script, on each droplet."""
        return self.bare(lambda ssh, directory: one(ssh, f"sh -s {directory} {STEPS}", place.BENCH / "kit/noops.sh"))

    def stepwise(self):
        """A session for every step, the next one when the last one's end is known."""
        def steps(ssh, directory):
            for n in range(STEPS):
                one(ssh, f"sh -s {directory}/{n} 1", place.BENCH / "kit/noops.sh")
        return self.bare(steps)

    def bare(self, work):
        """On one connection to each droplet, as many droplets at a time as sshd lets in."""
        place.fresh_runtime()
        shutil.rmtree(self.bare_state, ignore_errors=True)

        def droplet(numbered):
            number, host = numbered
            ssh = ["ssh", "-F", str(self.droplets.ssh_config), "-o", "ControlMaster=auto", "-o", "ControlPersist=60",
                   "-o", f"ControlPath={place.RUNTIME}/{number}", host]
            work(ssh, self.bare_state / str(number))

        start = time.perf_counter()
        with ThreadPoolExecutor(raw.AT_ONCE) as pool:
            list(pool.map(droplet, enumerate(self.hosts)))
        seconds = time.perf_counter() - start
        self.want(sum(journal.read_text().count(" end ") for journal in self.bare_state.glob("**/journal")))
        place.fresh_runtime()
        return seconds

    def want(self, done):
        if done != STEPS * len(self.hosts):
            raise place.Failed(f"{done} of {STEPS} steps on {len(self.hosts)} droplets were done")

    def peers(self):
        deploy = "from pyinfra.operations import server\n" + "".join(
            f"server.shell(name='noop {n}', commands=['true'])\n" for n in range(STEPS))
        tasks = "".join(f"    - name: noop {n}\n      ansible.builtin.command: 'true'\n" for n in range(STEPS))
        return {"pyinfra": peers.pyinfra(self.droplets, self.hosts, deploy),
                "ansible-core": peers.ansible(self.droplets, self.hosts, tasks, STEPS)}


def one(ssh, command, script):
    with open(script, "rb") as stdin:
        # A master that stays keeps stderr open, so it is a file and no pipe.
        done = subprocess.run([*ssh, command], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              env=place.environment(), timeout=place.LIMIT, check=False)
    if done.returncode != 0 or not done.stdout:
        raise place.Failed(f"ssh ended with {done.returncode}: {command}")
