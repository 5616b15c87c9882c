"""The nine reads that pyinfra and Ansible do: what `ops` asks a droplet, as plain as one would type it.

Each prints something, so that an answer is told from none."""
import json


def nine(stack, state):
    """Title -> shell text."""
    return {
        "host": "uname -n; id -un; nproc; cat /etc/os-release",
        "memory": "grep -E '^(MemTotal|MemAvailable|SwapTotal|SwapFree):' /proc/meminfo",
        "listeners": "ss -Hltnp",
        "checkout": f"git -c safe.directory='*' -C {stack} status --porcelain=v2 --branch --untracked-files=no",
        "docker": "docker info --format '{{.ServerVersion}} {{.DockerRootDir}}{{range .ClientInfo.Plugins}} {{.Name}} {{.Version}}{{end}}'",
        "mounts": f"df -B1 --output=size,avail,itotal,iavail,target {stack} /",
        "containers": "docker ps -a --no-trunc --filter label=com.docker.compose.project --format '{{json .}}' && echo done",
        "proxy": "if command -v nginx >/dev/null; then nginx -t 2>&1; else echo none; fi",
        "state": f"date +%s; ls -1t {state}/*/runs 2>/dev/null; cat {state}/*/lock/holder.json 2>/dev/null; true",
    }


def for_pyinfra(reads):
    return ("from pyinfra import host\nfrom pyinfra.facts.server import Command\n"
            f"for text in {list(reads.values())!r}:\n"
            "    if host.get_fact(Command, text) is None:\n        raise SystemExit(f'nothing came back of {text}')\n")


def for_ansible(reads):
    # JSON's quoting is YAML's; `!unsafe` keeps the braces of Docker's templates from being Jinja's.
    return "".join(f"    - name: {name}\n      ansible.builtin.shell: !unsafe {json.dumps(text)}\n"
                   "      changed_when: false\n" for name, text in reads.items())
