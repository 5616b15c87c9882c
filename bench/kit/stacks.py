"""A lab droplet with two stacks side by side: one that `ops` deploys, one that is deployed by hand.

Each deploy brings a commit that was pushed just before, so both fetch the same little. OPS_LAB_NET chooses
the lab, as for lab/lab.
"""
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request

from . import place
from .droplets import FAR, free_port, wait_for_port

LAB = place.REPOSITORY / "lab/lab"
DROPLET, ENVIRONMENT = "demo-1", "demo"
BRANCH = "bench"
SITES = {"ops": "erp.lab", "hand": "hand.lab"}


def lab(*words, stdin=None):
    done = subprocess.run([LAB, *words], stdin=stdin or subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=place.LIMIT)
    if done.returncode != 0:
        raise place.Failed(f"lab {' '.join(words)}: {done.stderr[-2000:]}{done.stdout[-500:]}")
    return done.stdout


class Stacks:
    def __init__(self, seed="standin"):
        """`seed`: what runs there at first, put there by hand; None: nothing, for real Odoo."""
        settings = dict(re.findall(r"(OPS_LAB_\w+)=(\S+)", lab("env")))
        self.address = settings["OPS_LAB_ADDRESS"]
        self.lab_work = settings["OPS_LAB_WORK"]
        self.inventory = settings["OPS_LAB_INVENTORY"]
        self.ssh_config = settings["OPS_LAB_SSH_CONFIG"]
        self.port = re.search(r"host: \S+\.11, port: (\d+)", open(self.inventory, encoding="utf-8").read()).group(1)
        self.container = f"{settings['OPS_LAB_PREFIX']}-{DROPLET}"
        self.work = place.WORK / "stacks"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir()
        self.number = 0
        self.far = None
        lab("reset", DROPLET)
        if not seed:
            return
        self.verbose_sshd()
        self.clone()
        self.push()
        lab("seed", DROPLET, seed)
        with open(place.BENCH / "kit/hand-stack.sh", encoding="utf-8") as script:
            lab("ssh", DROPLET, "bash", "-s", "--", "/opt/hand", BRANCH, SITES["hand"], stdin=script)

    def verbose_sshd(self):
        """So that the droplet's journal tells of every login and every command; `reset` takes it away."""
        lab("root", DROPLET, "sh", "-c",
            "echo LogLevel VERBOSE >/etc/ssh/sshd_config.d/05-bench.conf; systemctl reload ssh")

    def git(self, *words):
        ssh = f"ssh -F none -i {self.lab_work}/id_ed25519 -o IdentitiesOnly=yes -o UserKnownHostsFile={self.lab_work}/known_hosts -p {self.port}"
        env = {**place.environment(), "GIT_SSH_COMMAND": ssh, "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            env.update({f"GIT_{who}_NAME": "bench", f"GIT_{who}_EMAIL": "bench@localhost"})
        subprocess.run(["git", *words], check=True, env=env, cwd=self.work, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=120)

    def clone(self):
        self.git("clone", "-q", "-b", "standin", f"git@{self.address}.9:/srv/git/odoo-ce.git", "origin")
        self.git("-C", "origin", "checkout", "-q", "-b", BRANCH)

    def push(self, change=None):
        """A commit that changes code and needs no update of the database, if `change` does nothing else; its mark
        is served."""
        self.number += 1
        if change:
            change()
        addon = self.work / "origin/custom-addons/ipai_docs"
        controller = addon / "controllers/main.py"
        text = re.sub(r'^RELEASE = .*$', f'RELEASE = "bench-{self.number}"', controller.read_text(), flags=re.M)
        controller.write_text(text)
        (addon / "static/version.txt").write_text(f"bench-{self.number}\n")
        self.git("-C", "origin", "commit", "-q", "-a", "-m", f"ipai_docs: change {self.number}")
        self.git("-C", "origin", "push", "-q", "origin", BRANCH)

    def raise_version(self):
        """What makes Odoo update the module."""
        manifest = self.work / "origin/custom-addons/ipai_docs/__manifest__.py"
        text = re.sub(r'"version": "[^"]*"', f'"version": "14.0.9.{self.number}.0"', manifest.read_text())
        manifest.write_text(text)

    def serves(self, stack):
        """Fails unless the newest commit is what this stack serves through nginx."""
        url = f"http://{self.address}.11/ipai_docs/static/version.txt"
        request = urllib.request.Request(url, headers={"Host": SITES[stack]})
        with urllib.request.urlopen(request, timeout=10) as answer:
            seen = answer.read().decode().strip()
        if seen != f"bench-{self.number}":
            raise place.Failed(f"{stack} serves {seen}, not bench-{self.number}")

    def ops(self, *words):
        """Its stdout."""
        return place.ops("--config", self.inventory, *words)[1]

    def by_ops(self, far=False, strategy="recreate", change=None):
        self.push(change)
        place.fresh_runtime()
        inventory = self.far_inventory() if far else self.inventory
        seconds, _ = place.ops("--config", inventory, "deploy", ENVIRONMENT, "--ref", BRANCH, "--yes", "--strategy", strategy)
        self.serves("ops")
        return seconds

    def by_hand(self, far=False):
        self.push()
        argv = ["ssh", "-F", self.ssh_config]
        if far:
            argv += ["-o", f"HostName={self.far[0]}", "-p", str(self.far[1]), "-o", "HostKeyAlias=bench-far",
                     "-o", f"UserKnownHostsFile={self.far_known_hosts()}"]
        argv += [DROPLET, "sh", "-s", "--", "/opt/hand", BRANCH, SITES["hand"]]
        seconds, _ = place.timed(argv, stdin=place.BENCH / "kit/by-hand.sh")
        self.serves("hand")
        return seconds

    def counted(self, deploy):
        """Logins and commands of one deploy, as the droplet's sshd saw them, and the seconds of processor
        that the droplet spent, which a busy machine changes little."""
        since = lab("root", DROPLET, "date", "+@%s.%N").strip()
        before = self.processor()
        deploy()
        spent = self.processor() - before
        time.sleep(1.5)
        journal = lab("root", DROPLET, "journalctl", "-u", "ssh", "--no-pager", "-o", "cat", "--since", since)
        return journal.count("Accepted publickey"), journal.count("Starting session"), spent

    def processor(self):
        """Seconds of processor of everything on the droplet so far; its containers' are part of it."""
        done = subprocess.run(["docker", "inspect", "-f", "{{.Id}}", self.container], check=True, text=True,
                              capture_output=True, timeout=60)
        name = f"docker/{done.stdout.strip()}"
        for path in (f"/sys/fs/cgroup/cpuacct/{name}/cpuacct.usage", f"/sys/fs/cgroup/{name}/cpu.stat",
                     f"/sys/fs/cgroup/system.slice/docker-{done.stdout.strip()}.scope/cpu.stat"):
            if os.path.exists(path):
                with open(path, encoding="ascii") as file:
                    words = file.read().split()
                return int(words[0]) / 1e9 if len(words) == 1 else int(words[1]) / 1e6
        raise place.Failed("no cgroup of the droplet was found")

    def proxy(self, round_trip):
        """The droplet once more, `round_trip` milliseconds away."""
        self.far = (f"{FAR}.200", free_port())
        pair = f"{self.far[0]}:{self.far[1]}={self.address}.11:{self.port}"
        service = place.Service([sys.executable, place.BENCH / "kit/delay.py", str(round_trip), pair], self.work / "delay.log")
        wait_for_port(*self.far, service)
        return service

    def far_known_hosts(self):
        key = open(f"{self.lab_work}/hostkeys/{DROPLET}.pub", encoding="ascii").read().rsplit(" ", 1)[0]
        path = self.work / "known_hosts"
        path.write_text(f"bench-far {key}\n[{self.far[0]}]:{self.far[1]} {key}\n")
        return path

    def imageless_inventory(self):
        """Backups without the images that run: nobody keeps those by hand."""
        text = open(self.inventory, encoding="utf-8").read()
        path = self.work / "imageless.yaml"
        path.write_text(text.replace("defaults:\n", "defaults:\n  backup: { images: false }\n", 1))
        os.chmod(path, 0o600)
        return path

    def far_inventory(self):
        text = open(self.inventory, encoding="utf-8").read()
        text = text.replace(f"host: {self.address}.11, port: {self.port}", f"host: {self.far[0]}, port: {self.far[1]}")
        text = text.replace(f"{self.lab_work}/known_hosts", str(self.far_known_hosts()))
        path = self.work / "far.yaml"
        path.write_text(text)
        os.chmod(path, 0o600)
        return path
