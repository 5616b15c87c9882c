"""Up to 100 droplets that are one sshd of the bench, reached at as many loopback addresses.

Its host key, its users' keys and its settings are the bench's own; MaxStartups is sshd's default. A
session's HOME is the bench's, so nobody's .bashrc is measured.
"""
import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time

from . import place

NEAR = "127.71.0"  # droplets as they are
FAR = "127.72.0"  # the same ones behind the delaying proxy
MOST = 100


class Droplets:
    """The running sshd. `of(count)` are the names of an environment's droplets."""

    def __init__(self):
        self.work = place.WORK / "droplets"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(mode=0o700)
        # sshd has its port on every address, so the proxy needs another one.
        self.port, self.far_port = free_port(), free_port()
        for key in ("host", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ops-bench", "-f", self.work / key],
                           check=True, stdin=subprocess.DEVNULL)
        shutil.copy(self.work / "id.pub", self.work / "authorized_keys")
        make_stack(self.work / "stack")
        self.known_hosts = self.work / "known_hosts"
        key = (self.work / "host.pub").read_text().rsplit(" ", 1)[0]
        self.known_hosts.write_text("".join(f"[{host}]:{self.port_of(host)} {key}\n" for host in everywhere()))
        self.ssh_config = self.work / "ssh_config"
        self.configure()

    def configure(self, extra=""):
        """What `ops`, the bare ssh and Ansible are configured with; `extra` are further lines."""
        self.ssh_config.write_text(
            f"Host {FAR}.*\n  Port {self.far_port}\nHost *\n  Port {self.port}\n  User {getpass.getuser()}\n  IdentityFile {self.work}/id\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known_hosts}\n  GlobalKnownHostsFile /dev/null\n"
            f"  StrictHostKeyChecking yes\n  BatchMode yes\n{extra}")

    def sshd(self, extra=""):
        """The server, as a context; `extra` are further lines of its configuration."""
        # As root sshd wants its empty directory, which nobody made where no sshd was ever started.
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        config = self.work / "sshd_config"
        config.write_text(
            f"Port {self.port}\nListenAddress 0.0.0.0\nHostKey {self.work}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {self.work}/authorized_keys\nPasswordAuthentication no\nStrictModes no\n"
            f"PermitRootLogin prohibit-password\nSetEnv HOME={place.HOME}\n{extra}")
        log = self.work / "sshd.log"
        service = place.Service([shutil.which("sshd") or "/usr/sbin/sshd", "-D", "-e", "-f", str(config)], log)
        wait_for_port(f"{NEAR}.1", self.port, service)
        return service

    def proxy(self, round_trip):
        """The same droplets at FAR, `round_trip` milliseconds away."""
        pairs = [f"{FAR}.{n}:{self.far_port}={NEAR}.{n}:{self.port}" for n in range(1, MOST + 1)]
        service = place.Service([sys.executable, place.BENCH / "kit/delay.py", str(round_trip), *pairs], self.work / "delay.log")
        wait_for_port(f"{FAR}.{MOST}", self.far_port, service)
        return service

    def of(self, count, net=NEAR):
        return [f"{net}.{n}" for n in range(1, count + 1)]

    def port_of(self, host):
        return self.far_port if host.startswith(FAR) else self.port

    def inventory(self, sizes=(1, 10, 50)):
        """An inventory with the environments near1, near10, .., far1, ..; JSON is YAML."""
        stack = {"path": f"{self.work}/stack", "compose": ["compose.yaml"], "web": "odoo", "db": "db",
                 "database": "odoo", "addons": ["custom-addons"],
                 "git": {"remote": "git@git.bench:odoo.git", "ref": "main", "allow": ["*"]}}
        environments = {}
        for word, net in (("near", NEAR), ("far", FAR)):
            for size in sizes:
                droplets = [{"name": f"d-{n}", "host": host, "port": self.port_of(host),
                             "roles": ["web", "db"] if n == 0 else ["web"]}
                            for n, host in enumerate(self.of(size, net))]
                environments[f"{word}{size}"] = {"url": "http://erp.bench", "droplets": droplets, "stack": stack}
        path = self.work / "ops.yaml"
        path.write_text(json.dumps({
            "version": 1, "project": "bench", "state_dir": f"{self.work}/state",
            "defaults": {"ssh": {"user": getpass.getuser(), "identity": f"{self.work}/id", "connect_timeout": "30s",
                                 "known_hosts": str(self.known_hosts), "config": str(self.ssh_config)}},
            "environments": environments}, indent=1))
        path.chmod(0o600)
        return path


def everywhere():
    return [f"{net}.{n}" for net in (NEAR, FAR) for n in range(1, MOST + 1)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(host, port, service):
    for _ in range(100):
        try:
            socket.create_connection((host, port), 1).close()
            time.sleep(0.1)
            if service.process.poll() is None:
                return
        except OSError:
            time.sleep(0.1)
        if service.process.poll() is not None:
            break
    service.__exit__()
    raise place.Failed(f"nothing listens at {host}:{port}; see {service.log}")


def make_stack(path):
    """A little checkout, so that reading it is real work."""
    path.mkdir()
    (path / "compose.yaml").write_text("services:\n  odoo:\n    image: odoo:14.0\n  db:\n    image: postgres:15\n")
    git = ["git", "-C", str(path), "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "-q", "-b", "main"], ["remote", "add", "origin", "git@git.bench:odoo.git"],
                  ["add", "."], ["commit", "-q", "-m", "a stack"]):
        subprocess.run([*git, *words], check=True, env=place.environment(GIT_CONFIG_NOSYSTEM="1"))
