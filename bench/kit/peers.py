"""pyinfra and ansible-core from PyPI, in a venv of the bench.

Both as quick as they can be made by their own documentation: pyinfra on all droplets at once; Ansible with
pipelining, 50 forks, no fact gathering of its own, no retry files, and a control directory of this run only
(so that each run is cold).
"""
import getpass
import shutil
import subprocess
import venv

from . import place

VERSIONS = ["pyinfra==3.10.0", "ansible-core==2.19.14"]
VENV = place.WORK / "venv"
# sshd drops connections beyond MaxStartups; both are allowed to try again, as `ops` does.
TRIES = 20


def prepare():
    mark = VENV / "versions"
    if mark.exists() and mark.read_text() == "\n".join(VERSIONS):
        return
    place.say("installing " + ", ".join(VERSIONS))
    shutil.rmtree(VENV, ignore_errors=True)
    venv.create(VENV, with_pip=True)
    subprocess.run([VENV / "bin/pip", "install", "--quiet", *VERSIONS], check=True, stdin=subprocess.DEVNULL)
    mark.write_text("\n".join(VERSIONS))


def pyinfra(droplets, hosts, deploy):
    """A function that carries out the deploy file once; seconds."""
    work = droplets.work / f"pyinfra-{hosts[-1]}"
    work.mkdir(exist_ok=True)
    data = {"ssh_user": getpass.getuser(), "ssh_port": droplets.port_of(hosts[0]), "ssh_key": f"{droplets.work}/id",
            "ssh_known_hosts_file": str(droplets.known_hosts), "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False, "ssh_look_for_keys": False, "ssh_config_file": "/dev/null",
            "ssh_connect_retries": TRIES}
    (work / "inventory.py").write_text(f"droplets = ({hosts!r}, {data!r})\n")
    (work / "deploy.py").write_text(deploy)

    def once():
        argv = [VENV / "bin/pyinfra", "-y", work / "inventory.py", work / "deploy.py"]
        return place.timed(argv, cwd=work)[0]
    return once


def ansible(droplets, hosts, tasks, count):
    """A function that carries out the tasks, `count` of them, once; seconds."""
    work = droplets.work / f"ansible-{hosts[-1]}"
    work.mkdir(exist_ok=True)
    control = place.RUNTIME / "a"
    (work / "inventory.ini").write_text("[droplets]\n" + "\n".join(hosts) + "\n[droplets:vars]\n"
                                        "ansible_python_interpreter=/usr/bin/python3\n")
    (work / "play.yml").write_text(f"- hosts: droplets\n  gather_facts: false\n  tasks:\n{tasks}")
    (work / "ansible.cfg").write_text(
        "[defaults]\nforks = 50\ngather_facts = false\nretry_files_enabled = false\nhost_key_checking = true\n"
        f"local_tmp = {work}/tmp\n[ssh_connection]\npipelining = true\nretries = {TRIES}\n"
        f"ssh_args = -F {droplets.ssh_config} -o ControlMaster=auto -o ControlPersist=60s\n"
        f"control_path_dir = {control}\n")

    def once():
        place.fresh_runtime()
        env = place.environment(ANSIBLE_CONFIG=f"{work}/ansible.cfg")
        argv = [VENV / "bin/ansible-playbook", "-i", work / "inventory.ini", work / "play.yml"]
        seconds, out = place.timed(argv, cwd=work, env=env)
        done = out.count(f"ok={count} ")
        if done != len(hosts):
            raise place.Failed(f"Ansible answered for {done} of {len(hosts)} droplets\n{out[-2000:]}")
        return seconds
    return once
