"""The bare client: one `ssh` for each droplet with a script that was made before."""
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from . import place, reads

# What sshd lets in at once before it begins to drop connections (MaxStartups 10:30:100).
AT_ONCE = 10


class Script:
    """What is sent: the command line, and a file for its stdin."""

    def __init__(self, command, stdin):
        self.command = command
        self.stdin = stdin


def nine(droplets):
    """The nine reads of the peers as one plain script: the least that could be done."""
    file = droplets.work / "nine.sh"
    file.write_text("\n".join(reads.nine(droplets.work / "stack", droplets.work / "state").values()) + "\n")
    return Script("sh -s", file)


def everywhere(droplets, hosts, script, options=()):
    """Sends the script to every droplet, AT_ONCE at a time, and waits for all answers; seconds."""
    base = ["ssh", "-F", str(droplets.ssh_config), *options]

    def one(host):
        with open(script.stdin, "rb") as stdin:
            done = subprocess.run([*base, host, script.command], stdin=stdin, capture_output=True,
                                  env=place.environment(), timeout=place.LIMIT, check=False)
        if done.returncode != 0 or not done.stdout:
            raise place.Failed(f"ssh ended with {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")

    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, hosts))
    return time.perf_counter() - start
