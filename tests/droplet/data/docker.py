# A Docker engine for one sandbox: containers are processes in mount and network namespaces of their own, their records are
# JSON files below ROOT in the shape of `docker inspect`. It knows the commands and the template functions that ops uses, and
# refuses all others with exit code 125, so that a call it does not know fails its test.
import json
import os
import re
import signal
import sys
import time

ROOT = "/srv/docker"
# Programs in a container find Debian's shell, and the stubs, before those of the droplet.
PATH = "/stubs/inside:/stubs:/stubs/postgresql:/usr/sbin:/usr/bin"
MOUNT = """
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")" && { [ -e "$2" ] || : >"$2"; }; fi
  mount --bind "$1" "$2" || exit 126
  [ "$3" != ro ] || mount -o remount,bind,ro "$2" || exit 126
  shift 3
done
shift
[ "$1" != shared ] && busybox ip link set lo up
mount -t tmpfs tmpfs /var/run/postgresql
cd "$2" || exit 126
shift 2
exec "$@"
"""
POSTGRES = """
PGDATA=${PGDATA:-/var/lib/postgresql/data}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA" && cp -a /srv/postgres/. "$PGDATA" && chmod 700 "$PGDATA" || exit
  [ "${POSTGRES_USER:-postgres}" = postgres ] || echo "create role $POSTGRES_USER superuser login" |
    unshare --user --map-user=999 --map-group=999 postgres --single -D "$PGDATA" postgres >/dev/null || exit
fi
shift
exec unshare --user --map-user=999 --map-group=999 /stubs/postgresql/postgres -D "$PGDATA" \
  -c unix_socket_directories=/var/run/postgresql -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=4MB -c max_connections=30 "$@"
"""
ODOO = """
import http.server
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<form class=oe_login_form>")
http.server.HTTPServer(("127.0.0.1", 8069), Page).serve_forever()
"""


def fail(text, code=1):
    sys.stderr.write(text + "\n")
    sys.exit(code)


# --- records ---------------------------------------------------------------------------------------
def path(kind, name):
    return "%s/%s/%s.json" % (ROOT, kind, name)


def load(kind, name):
    with open(path(kind, name)) as file:
        return json.load(file)


def keep(kind, name, value):
    os.makedirs("%s/%s" % (ROOT, kind), exist_ok=True)
    with open(path(kind, name) + ".new", "w") as file:
        json.dump(value, file)
    os.rename(path(kind, name) + ".new", path(kind, name))
    if kind == "containers":
        quicken(value)


def quicken(one):
    """What docker.sh wants to know of a container."""
    os.makedirs(ROOT + "/fast", exist_ok=True)
    labels = "".join("%s=%s\n" % pair for pair in one["Config"]["Labels"].items())
    with open("%s/fast/%s.ps" % (ROOT, one["Id"]), "w") as file:
        file.write("%d\n%s\n%s" % (one["State"]["Pid"], "yes" if one.get("Rm") else "no", labels))
    words = ["env", "-i"] + ["%s=%s" % pair for pair in environment(one, []).items()]
    with open("%s/fast/%s.exec" % (ROOT, one["Id"]), "w") as file:
        file.write("pid=%d\nset -- %s \"$@\"\n" % (one["State"]["Pid"], " ".join(quoted(word) for word in words)))
    for kind, text in (("image", one["Image"]), ("user", one["Config"]["User"]), ("env", "\n".join(one["Config"]["Env"] + [""]))):
        with open("%s/fast/%s.%s" % (ROOT, one["Id"], kind), "w") as file:
            file.write(text + "\n")
    name = "%s/fast/name-%s" % (ROOT, one["Name"].lstrip("/"))
    if not os.path.lexists(name):
        os.symlink(one["Id"] + ".exec", name)


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def dropped(one):
    kinds = ["%s/fast/%s.%s" % (ROOT, one["Id"], kind) for kind in ("ps", "exec", "image", "user", "env")]
    for name in [path("containers", one["Id"]), ROOT + "/fast/name-" + one["Name"].lstrip("/")] + kinds:
        if os.path.lexists(name):
            os.unlink(name)


def every(kind):
    try:
        names = sorted(os.listdir("%s/%s" % (ROOT, kind)))
    except FileNotFoundError:
        names = []
    return [load(kind, name[:-5]) for name in names if name.endswith(".json")]


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def containers():
    found = []
    for one in every("containers"):
        running = bool(one["State"]["Pid"]) and alive(one["State"]["Pid"])
        if not running and one.get("Rm"):
            dropped(one)
            continue
        one["State"]["Running"] = running
        one["State"]["Status"] = "running" if running else "exited"
        found.append(one)
    return found


def container(word):
    for one in containers():
        if word in (one["Name"].lstrip("/"), one["Id"]) or len(word) > 11 and one["Id"].startswith(word):
            return one
    return None


def known(word):
    return container(word) or fail("Error: No such container: " + word)


def image(word):
    for one in every("images"):
        if word == one["Id"] or word in one["RepoTags"] or word in one.get("RepoDigests", []) or word + ":latest" in one["RepoTags"]:
            return one
    return None


def volume(name):
    return {"Name": name, "Mountpoint": "%s/volumes/%s/_data" % (ROOT, name), "Labels": {}}


# --- templates -------------------------------------------------------------------------------------
def parsed(text):
    parts = re.split(r"{{-?\s*(.*?)\s*-?}}", text)
    stack = [[]]
    for at, part in enumerate(parts):
        word = part.split(" ")[0]
        if at % 2 == 0:
            stack[-1].append(("text", part.replace("\\t", "\t").replace("\\n", "\n")))
        elif word in ("range", "if", "with"):
            stack[-1].append((word, part[len(word) + 1:], []))
            stack.append(stack[-1][-1][2])
        elif word == "end":
            stack.pop()
        else:
            stack[-1].append(("value", part))
    return stack[0]


def words(text):
    return re.findall(r'"(?:[^"\\]|\\.)*"|[()]|[^\s()]+', text)


def value(tokens, dot, names):
    def term():
        word = tokens.pop(0)
        if word == "(":
            inner = call()
            tokens.pop(0)
            return inner
        if word.startswith('"'):
            return json.loads(word)
        if word.startswith("$"):
            return names[word]
        if word.startswith("."):
            found = dot
            for key in [key for key in word.split(".") if key]:
                found = found.get(key) if isinstance(found, dict) else None
            return found
        return fail("docker stub: unknown word in a template: " + word, 125)

    def call():
        if tokens[0] not in ("json", "index", "println", "eq", "ne", "join"):
            return term()
        name, given = tokens.pop(0), []
        while tokens and tokens[0] != ")":
            given.append(term())
        if name == "json":
            return json.dumps(given[0], separators=(",", ":"))
        if name == "index":
            return (given[0] or {}).get(given[1], "")
        if name == "println":
            return " ".join(shown(one) for one in given) + "\n"
        if name == "join":
            return given[1].join(given[0])
        return (given[0] == given[1]) == (name == "eq")

    return call()


def shown(one):
    return "true" if one is True else "false" if one is False else "" if one is None else str(one)


def filled(tree, dot, names):
    out = []
    for node in tree:
        if node[0] == "text":
            out.append(node[1])
        elif node[0] == "value":
            out.append(shown(value(words(node[1]), dot, names)))
        elif node[0] == "range":
            given, _, what = node[1].rpartition(":=")
            all_of = value(words(what), dot, names) or []
            for key, one in sorted(all_of.items()) if isinstance(all_of, dict) else enumerate(all_of):
                inner = dict(names)
                bound = [word.strip() for word in given.split(",") if word.strip()]
                inner.update(zip(bound, (key, one) if len(bound) == 2 else (one,)))
                out.append(filled(node[2], one, inner))
        else:
            found = value(words(node[1]), dot, names)
            if found:
                out.append(filled(node[2], found if node[0] == "with" else dot, names))
    return "".join(out)


# --- words of the command line ---------------------------------------------------------------------
def options(args, flags, valued):
    """The options before the first other word, and the rest."""
    found = {}
    while args and args[0].startswith("-") and args[0] != "--":
        word = args.pop(0)
        name, sep, given = word.partition("=")
        if word in flags:
            found[word] = True
        elif word in valued or sep and name in valued:
            found.setdefault(name, []).append(given if sep else args.pop(0))
        elif re.fullmatch("-[a-z]{2,}", word) and all("-" + one in flags for one in word[1:]):
            found.update({"-" + one: True for one in word[1:]})
        else:
            fail("docker stub: unknown option " + word, 125)
    if args and args[0] == "--":
        args.pop(0)
    return found


def mixed(args, flags, valued):
    """Options anywhere among the words."""
    found, plain = {}, []
    while args:
        if args[0].startswith("-"):
            for name, given in options(args, flags, valued).items():
                found[name] = found.get(name, []) + given if isinstance(given, list) else given
        else:
            plain.append(args.pop(0))
    return found, plain


def matches(one, filters):
    for text in filters:
        kind, _, wanted = text.partition("=")
        if kind == "label":
            key, sep, text = wanted.partition("=")
            labels = one["Config"]["Labels"] if "Config" in one else one.get("Labels") or {}
            if key not in labels or sep and labels[key] != text:
                return False
        elif kind == "network":
            if wanted not in one["NetworkSettings"]["Networks"]:
                return False
        elif kind == "name":
            if wanted not in one["Name"]:
                return False
        else:
            fail("docker stub: unknown filter " + text, 125)
    return True


# --- containers ------------------------------------------------------------------------------------
def ps(args):
    given, _ = mixed(args, ["-a", "-q", "--no-trunc", "--all", "--quiet"], ["--filter", "--format", "-f"])
    for one in containers():
        if not matches(one, given.get("--filter", []) + given.get("-f", [])):
            continue
        if not (one["State"]["Running"] or "-a" in given or "--all" in given):
            continue
        if "--format" in given:
            print(filled(parsed(given["--format"][0]), dict(one, Names=one["Name"].lstrip("/")), {}))
        else:
            print(one["Id"] if "--no-trunc" in given else one["Id"][:12])


def inspect(args, find):
    given, names = mixed(args, [], ["-f", "--format"])
    found = [find(name) or fail("Error: No such object: " + name) for name in names]
    template = (given.get("-f") or given.get("--format") or [None])[0]
    if template is None:
        print(json.dumps(found, indent=4))
    for one in found if template is not None else []:
        print(filled(parsed(template), one, {}))


def environment(one, more):
    found = {"PATH": PATH, "HOME": "/root", "PWD": "/"}
    for text in one["Config"]["Env"] + more:
        name, _, text = text.partition("=")
        found[name] = text
    return found


def execute(args):
    given = options(args, ["-i", "-t", "-d"], ["-e", "--env", "-u", "--user", "-w", "--workdir"])
    one = known(args.pop(0))
    if not one["State"]["Running"]:
        fail("Error response from daemon: container %s is not running" % one["Id"])
    env = environment(one, given.get("-e", []) + given.get("--env", []))
    os.execvpe("nsenter", ["nsenter", "-t", str(one["State"]["Pid"]), "-m", "-n", "--wd=/", "env"] + args, env)


def program(one):
    """What a container runs: the words after the entrypoint of its image."""
    kind = (image(one["Image"]) or {}).get("Kind")
    words = one["Config"]["Cmd"]
    if one.get("Entrypoint"):
        return [one["Entrypoint"]] + words
    if kind == "postgres":
        return ["sh", "-c", POSTGRES, "sh"] + (words or ["postgres"])
    return ["/usr/bin/python3", "-c", ODOO] + words if kind == "odoo" else words


def command(one):
    """The words that run a container in its namespaces, instead of this process."""
    net = one["HostConfig"]["NetworkMode"]
    run = ["unshare", "--mount"]
    if net.startswith("container:"):
        run = ["nsenter", "-t", str(known(net[10:])["State"]["Pid"]), "-n"] + run
    elif net != "host":
        run.append("--net")
    run += ["dash", "-c", MOUNT, "sh"]
    for mount in one["Mounts"]:
        if mount["Type"] == "volume":
            os.makedirs(mount["Source"], exist_ok=True)
        run += [mount["Source"], mount["Destination"], "rw" if mount["RW"] else "ro"]
    return run + ["--", "shared" if ":" in net or net == "host" else "own", one["Config"].get("WorkingDir") or "/"] + program(one)


def launch(one, more):
    """In the background, with its output as its log."""
    os.makedirs(ROOT + "/logs", exist_ok=True)
    pid = os.fork()
    if pid == 0:
        os.setsid()
        null, log = os.open("/dev/null", os.O_RDONLY), os.open("%s/logs/%s" % (ROOT, one["Id"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for to, fd in ((0, null), (1, log), (2, log)):
            os.dup2(fd, to)
        run = command(one)
        os.execvpe(run[0], run, environment(one, more))
    one["State"]["Pid"] = pid
    keep("containers", one["Id"], one)


def made(given, words):
    name = words.pop(0)
    from_image = image(name) or fail("Unable to find image '%s' locally" % name, 125)
    mounts = []
    for other in given.get("--volumes-from", []):
        other, _, mode = other.partition(":")
        mounts += [dict(mount, RW=mount["RW"] and mode != "ro") for mount in known(other)["Mounts"]]
    for text in given.get("-v", []):
        parts = text.split(":")
        source, kind = parts[0], "bind"
        if not source.startswith("/"):
            source, kind = volume(source)["Mountpoint"], "volume"
        elif not os.path.exists(source):
            os.makedirs(source)
        mounts.append({"Type": kind, "Source": source, "Destination": parts[1], "RW": parts[2:] != ["ro"]})
    env = list(from_image.get("Env", []))
    for file in given.get("--env-file", []):
        with open(file) as lines:
            env += [line.rstrip("\n") for line in lines]
    net = given.get("--network", ["bridge"])[0]
    one = {
        "Id": os.urandom(32).hex(), "Name": "/" + given.get("--name", ["made-" + os.urandom(4).hex()])[0],
        "Image": from_image["Id"], "Rm": "--rm" in given, "Entrypoint": given.get("--entrypoint", [None])[0],
        "Config": {"Image": name, "User": given.get("--user", [""])[0], "Env": env + given.get("-e", []), "Cmd": words,
            "Labels": dict(text.split("=", 1) for text in given.get("--label", [])), "WorkingDir": given.get("-w", ["/"])[0]},
        "State": {"Pid": 0}, "HostConfig": {"NetworkMode": net, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}},
        "Mounts": mounts, "NetworkSettings": {"Networks": {net: {"Aliases": []}}}}
    if container(one["Name"].lstrip("/")):
        fail("Conflict. The container name %s is already in use" % one["Name"], 125)
    return one


def run(args):
    valued = ["--name", "--label", "--network", "--user", "-v", "-e", "--entrypoint", "-w", "--add-host", "--oom-score-adj", "--cpu-shares",
        "--security-opt", "--pids-limit", "--cap-drop", "--volumes-from", "--env-file", "--pid"]
    given = options(args, ["--rm", "-d", "-i"], valued)
    one = made(given, args)
    if "-d" in given:
        launch(one, [])
        print(one["Id"])
        return
    # This process becomes the container's.
    one["State"]["Pid"] = os.getpid()
    keep("containers", one["Id"], one)
    if os.getpgrp() != os.getpid():
        os.setsid()
    words = command(one)
    sys.stdout.flush()
    os.execvpe(words[0], words, environment(one, []))


def end(one, how):
    pid = one["State"]["Pid"]
    if not (pid and alive(pid)):
        return
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, how)
        except ProcessLookupError:
            pass
    # All of its processes, as Docker does.
    limit = time.monotonic() + 5
    while time.monotonic() < limit and (alive(pid) or group(pid)):
        time.sleep(0.005)


def group(pid):
    try:
        os.killpg(pid, 0)
        return True
    except ProcessLookupError:
        return False


def remove(args):
    given, names = mixed(args, ["-f", "-v", "--force", "--volumes"], [])
    for name in names:
        one = container(name)
        if one:
            end(one, signal.SIGKILL)
            dropped(one)
        elif "-f" not in given:
            fail("Error: No such container: " + name)


def stop(args):
    _, names = mixed(args, [], ["-t", "--time"])
    for name in names:
        end(known(name), signal.SIGKILL)
        print(name)


def start(args):
    for name in args:
        one = known(name)
        if not one["State"]["Running"]:
            launch(one, [])
        print(name)


def update(args):
    given, names = mixed(args, [], ["--restart"])
    for name in names:
        one = known(name)
        policy, _, count = given["--restart"][0].partition(":")
        one["HostConfig"]["RestartPolicy"] = {"Name": policy, "MaximumRetryCount": int(count or 0)}
        keep("containers", one["Id"], one)


def logs(args):
    _, names = mixed(args, [], ["--tail", "--since"])
    try:
        with open("%s/logs/%s" % (ROOT, known(names[0])["Id"]), errors="replace") as file:
            sys.stdout.write(file.read()[-4000:])
    except FileNotFoundError:
        pass


def copy(args):
    given, names = mixed(args, ["-L"], [])
    name, _, source = names[0].partition(":")
    one = known(name)
    inner = ["cp", "-RL" if "-L" in given else "-R", "--", source, names[1]]
    if one["State"]["Running"]:
        os.execvp("nsenter", ["nsenter", "-t", str(one["State"]["Pid"]), "-m"] + inner)
    os.execvp("cp", inner)


# --- everything else -------------------------------------------------------------------------------
def images(args):
    given, names = mixed(args, ["-q", "-a", "--no-trunc", "-aq"], ["--format"])
    for one in every("images"):
        for tag in one["RepoTags"] or ["<none>:<none>"]:
            repository, _, name = tag.rpartition(":")
            if names and repository != names[0]:
                continue
            fields = {"Repository": repository, "Tag": name, "ID": one["Id"]}
            print(filled(parsed(given["--format"][0]), fields, {}) if "--format" in given else one["Id"])


def tag(source, name):
    one = image(source) or fail("Error response from daemon: No such image: " + source)
    for other in every("images"):
        if name in other["RepoTags"]:
            other["RepoTags"].remove(name)
            keep("images", other["Id"][7:], other)
    one = image(one["Id"])
    one["RepoTags"].append(name)
    keep("images", one["Id"][7:], one)


def remove_image(args):
    _, names = mixed(args, ["--no-prune", "-f"], [])
    for name in names:
        one = image(name) or fail("Error: No such image: " + name)
        if any(other["Image"] == one["Id"] for other in containers()):
            fail("conflict: unable to delete %s: it is in use" % name)
        if name in one["RepoTags"] and len(one["RepoTags"]) > 1:
            one["RepoTags"].remove(name)
            keep("images", one["Id"][7:], one)
        else:
            os.unlink(path("images", one["Id"][7:]))


def save(args):
    given, names = mixed(args, [], ["-o"])
    one = image(names[0]) or fail("Error response from daemon: No such image: " + names[0])
    with open(given["-o"][0], "w") as file:
        json.dump(dict(one, RepoTags=[]), file)


def load_image(args):
    given, _ = mixed(args, ["-q"], ["-i"])
    with open(given["-i"][0]) as file:
        one = json.load(file)
    keep("images", one["Id"][7:], one)
    print("Loaded image ID: " + one["Id"])


def things(kind, args):
    verb = args.pop(0)
    if verb == "inspect":
        inspect(args, lambda name: load(kind, name) if os.path.exists(path(kind, name)) else None)
    elif verb == "ls":
        given, _ = mixed(args, ["-q"], ["--filter", "--format"])
        for one in every(kind):
            if matches(one, given.get("--filter", [])):
                print(filled(parsed(given["--format"][0]), one, {}) if "--format" in given else one["Name"])
    elif verb == "create":
        given, names = mixed(args, ["--internal"], ["--label", "-o"])
        keep(kind, names[0], {"Name": names[0], "Labels": dict(text.split("=", 1) for text in given.get("--label", []))})
        print(names[0])
    elif verb == "rm":
        for name in args:
            if any(name in one["NetworkSettings"]["Networks"] for one in containers() if kind == "networks"):
                fail("error while removing network: %s has active endpoints" % name)
            os.path.exists(path(kind, name)) or fail("Error: no such thing: " + name)
            os.unlink(path(kind, name))
            if kind == "volumes" and os.path.isdir("%s/volumes/%s" % (ROOT, name)):
                import shutil
                shutil.rmtree("%s/volumes/%s" % (ROOT, name))
    elif verb in ("connect", "disconnect"):
        given, names = mixed(args, ["-f"], ["--alias"])
        one = known(names[1])
        if verb == "connect":
            one["NetworkSettings"]["Networks"][names[0]] = {"Aliases": given.get("--alias", [])}
        else:
            one["NetworkSettings"]["Networks"].pop(names[0], None)
        keep("containers", one["Id"], one)
    else:
        fail("docker stub: unknown command " + verb, 125)


def compose(args):
    """Services are records below ROOT/compose, made by the test."""
    if args[0] == "version":
        print("Docker Compose version v2.26.1")
        return
    options(args, [], ["-p", "--project-directory", "-f", "--profile"])
    verb = args.pop(0)
    _, names = mixed(args, ["--no-recreate", "--no-build", "--detach", "--no-deps", "--quiet-pull"], ["--pull"])
    for name in names:
        one = load("compose", name)
        project = one["Config"]["Labels"]["com.docker.compose.project"]
        for mount in one["Mounts"]:
            if mount["Type"] == "volume" and not os.path.exists(path("volumes", mount["Name"])):
                keep("volumes", mount["Name"], {"Name": mount["Name"], "Labels": {"com.docker.compose.project": project}})
        if not container(one["Name"].lstrip("/")):
            keep("containers", one["Id"], one)
        if verb == "up":
            start([one["Id"]])


def main(args):
    verb = args.pop(0)
    if verb == "image":
        verb = "image " + args.pop(0)
    simple = {"ps": ps, "exec": execute, "run": run, "rm": remove, "stop": stop, "start": start, "update": update, "logs": logs, "cp": copy,
        "save": save, "load": load_image, "compose": compose, "image ls": images, "image rm": remove_image}
    if verb in simple:
        simple[verb](args)
    elif verb == "inspect":
        inspect(args, container)
    elif verb == "image inspect":
        inspect(args, image)
    elif verb == "tag":
        tag(*args)
    elif verb in ("volume", "network"):
        things(verb + "s", args)
    elif verb == "pull":
        image(args[-1]) or fail("Error response from daemon: pull access denied for " + args[-1])
    elif verb == "info":
        print(ROOT)
    elif verb == "version":
        print("26.1.4")
    else:
        fail("docker stub: unknown command " + verb, 125)


main(sys.argv[1:])
