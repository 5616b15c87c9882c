# A restic for one sandbox: a repository is a directory with `config`, `keys`, `locks`, `snapshots/<id>.json` and the files of
# each snapshot in `data/<id>`. Exit codes and JSON are those of restic 0.18; nothing is encrypted or deduplicated.
import datetime
import fnmatch
import hashlib
import json
import os
import shutil
import stat
import sys

VALUED = {"--host", "--tag", "--group-by", "--retry-lock", "--exclude", "--include", "--target", "--mode", "--set", "--keep-last", "--keep-daily",
    "--keep-weekly", "--keep-monthly", "--max-unused", "--new-password-file", "--user", "--read-data-subset"}
FLAGS = {"--json", "--no-lock", "--unsafe-allow-remove-all", "--prune", "--read-data", "--copy-chunker-params"}


def fail(text, code=1):
    sys.stderr.write(text + "\n")
    sys.exit(code)


def stamp():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def say(value):
    print(json.dumps(value, separators=(",", ":")))


class Repository:
    def __init__(self, path, password):
        self.path = path
        if not os.path.exists(path + "/config"):
            fail('Fatal: repository does not exist: unable to open config file: stat %s/config: no such file or directory' % path, 10)
        if hashlib.sha256(password.encode()).hexdigest() not in os.listdir(path + "/keys"):
            fail("Fatal: wrong password or no key found", 12)

    def snapshots(self):
        found = []
        for name in os.listdir(self.path + "/snapshots"):
            with open("%s/snapshots/%s" % (self.path, name)) as file:
                found.append(json.load(file))
        return sorted(found, key=lambda one: one["time"])

    def one(self, word):
        found = [one for one in self.snapshots() if one["id"].startswith(word)]
        return found[0] if len(found) == 1 else fail("Fatal: failed to find snapshot: no matching ID found for prefix %r" % word)

    def keep(self, one):
        one.pop("id", None), one.pop("short_id", None)
        one["id"] = hashlib.sha256(os.urandom(16)).hexdigest()
        one["short_id"] = one["id"][:8]
        with open("%s/snapshots/%s.new" % (self.path, one["id"]), "w") as file:
            json.dump(one, file)
        os.rename("%s/snapshots/%s.new" % (self.path, one["id"]), "%s/snapshots/%s.json" % (self.path, one["id"]))

    def drop(self, one):
        os.unlink("%s/snapshots/%s.json" % (self.path, one["id"]))

    def tree(self, one):
        return "%s/data/%s" % (self.path, one["tree"])

    def nodes(self, one):
        root = self.tree(one)
        for folder, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(folders + files):
                yield os.path.join(folder, name)[len(root):]


def password(prefix=""):
    file = os.environ.get(prefix + "_PASSWORD_FILE")
    if not file:
        return os.environ.get(prefix + "_PASSWORD") or fail("Fatal: an empty password is not allowed by default", 1)
    try:
        with open(file) as text:
            return text.read().strip()
    except OSError:
        fail("Fatal: Resolving password failed: %s does not exist" % file)


def arguments(words):
    given, plain = {}, []
    while words:
        word = words.pop(0)
        name, sep, text = word.partition("=")
        if word in FLAGS:
            given[word] = True
        elif word in VALUED:
            given.setdefault(word, []).append(words.pop(0))
        elif sep and name in VALUED:
            given.setdefault(name, []).append(text)
        elif word.startswith("-"):
            fail("unknown flag: " + word)
        else:
            plain.append(word)
    return given, plain


def chosen(found, given):
    hosts, tags = given.get("--host", []), given.get("--tag", [])
    return [one for one in found if (not hosts or one["hostname"] in hosts)
        and (not tags or any(set(text.split(",")) <= set(one["tags"] or []) for text in tags))]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


# --- commands --------------------------------------------------------------------------------------
def init(path, given):
    if os.path.exists(path + "/config"):
        fail("Fatal: create repository at %s failed: config file already exists" % path)
    for one in ("keys", "locks", "snapshots", "data"):
        os.makedirs(path + "/" + one)
    open("%s/keys/%s" % (path, hashlib.sha256(password("RESTIC").encode()).hexdigest()), "w").close()
    with open(path + "/config", "w") as file:
        json.dump({"version": 2, "id": os.urandom(32).hex(), "chunker_polynomial": "3da3358b4dc173"}, file)
    print("created restic repository at " + path)


def store(repository, source, target, excludes, sums):
    """A copy of what is there; the number of files that could not be read."""
    if source in excludes:
        return 0
    if stat.S_ISDIR(os.lstat(source).st_mode):
        os.makedirs(target, exist_ok=True)
        return sum(store(repository, os.path.join(source, name), os.path.join(target, name), excludes, sums) for name in sorted(os.listdir(source)))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
        return 0
    try:
        shutil.copy2(source, target)
    except PermissionError as error:
        sys.stderr.write("error: %s\n" % error)
        return 1
    sums[source] = digest(target)
    return 0


def backup(repository, given, paths):
    began, tree, sums = stamp(), hashlib.sha256(os.urandom(16)).hexdigest(), {}
    excludes = {text.replace("\\", "") for text in given.get("--exclude", [])}
    say({"message_type": "status", "percent_done": 0, "total_files": 1, "total_bytes": 1})
    try:
        unread = sum(store(repository, path, "%s/data/%s%s" % (repository.path, tree, path), excludes, sums) for path in paths)
    except OSError as error:
        fail("Fatal: unable to save snapshot: %s" % error)
    files = list(sums)
    size = sum(os.path.getsize("%s/data/%s%s" % (repository.path, tree, path)) for path in files)
    summary = {"backup_start": began, "backup_end": stamp(), "files_new": len(files), "files_changed": 0, "files_unmodified": 0, "dirs_new": 3,
        "dirs_changed": 0, "dirs_unmodified": 0, "data_blobs": len(files), "tree_blobs": 3, "data_added": size, "data_added_packed": size // 2,
        "total_files_processed": len(files), "total_bytes_processed": size}
    one = {"time": began, "tree": tree, "paths": paths, "hostname": given["--host"][0], "username": "root"}
    one.update({"excludes": sorted(given["--exclude"])} if "--exclude" in given else {})
    one.update({"tags": given["--tag"][0].split(","), "program_version": "restic 0.18.0", "summary": summary})
    repository.keep(one)
    with open("%s/data/%s.sums" % (repository.path, tree), "w") as file:
        json.dump(sums, file)
    said = {"message_type": "summary"}
    said.update({key: value for key, value in summary.items() if not key.startswith("backup_")})
    said.update({"total_duration": 0.7, "backup_start": began, "backup_end": summary["backup_end"], "snapshot_id": one["id"]})
    say(said)
    sys.exit(3 if unread else 0)


def listed(repository, given, plain):
    one = repository.one(plain[0])
    if "--json" in given:
        say(dict(one, message_type="snapshot", struct_type="snapshot"))
    for path in repository.nodes(one):
        if len(plain) > 1 and path != plain[1] and not path.startswith(plain[1] + "/"):
            continue
        if "--json" not in given:
            print(path)
            continue
        of = os.lstat(repository.tree(one) + path)
        kind = "dir" if stat.S_ISDIR(of.st_mode) else "symlink" if stat.S_ISLNK(of.st_mode) else "file"
        node = {"name": os.path.basename(path), "type": kind, "path": path, "uid": 0, "gid": 0}
        node.update({"size": of.st_size} if kind == "file" else {})
        node.update({"mode": of.st_mode & 0o7777, "permissions": stat.filemode(of.st_mode), "mtime": stamp(), "atime": stamp(), "ctime": stamp(),
            "inode": of.st_ino, "message_type": "node", "struct_type": "node"})
        say(node)


def restore(repository, given, plain):
    word, _, below = plain[0].partition(":")
    one = repository.one(word)
    root, target, bytes, files = repository.tree(one) + below, given["--target"][0], 0, 0
    if not os.path.isdir(root):
        fail("Fatal: path %s: not found" % below)
    try:
        with open("%s/data/%s.sums" % (repository.path, one["tree"])) as file:
            sums = json.load(file)
        os.makedirs(target, exist_ok=True)
        for path in [path[len(below):] for path in repository.nodes(one) if path.startswith(below + "/")]:
            includes = given.get("--include")
            if includes and not any(fnmatch.fnmatch(path, text) or path.startswith(text + "/") for text in includes):
                continue
            source, to = root + path, target + path
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if os.path.islink(source):
                os.path.lexists(to) or os.symlink(os.readlink(source), to)
            elif os.path.isdir(source):
                os.makedirs(to, exist_ok=True)
                shutil.copystat(source, to)
            else:
                if digest(source) != sums[below + path] and not os.path.exists("/etc/restic-lies"):
                    sys.stderr.write("ignoring error for %s: ciphertext verification failed\n" % (below + path))
                    fail("Fatal: There were 1 errors")
                shutil.copy2(source, to)
                bytes, files = bytes + os.path.getsize(source), files + 1
    except OSError as error:
        fail("Fatal: %s" % error)
    say({"message_type": "status", "seconds_elapsed": 1, "percent_done": 1, "total_files": files, "files_restored": files, "total_bytes": bytes,
        "bytes_restored": bytes})
    say({"message_type": "summary", "total_files": files, "files_restored": files, "files_skipped": 0, "files_deleted": 0, "total_bytes": bytes,
        "bytes_restored": bytes})


def bucket(one, form):
    return datetime.datetime.fromisoformat(one["time"][:19]).strftime(form)


def forget(repository, given, plain):
    if plain:
        for word in plain:
            repository.drop(repository.one(word))
        return
    found = chosen(repository.snapshots(), given)[::-1]
    policy = [(int(given[name][0]), form) for name, form in (("--keep-last", None), ("--keep-daily", "%Y%m%d"), ("--keep-weekly", "%G%V"),
        ("--keep-monthly", "%Y%m")) if name in given]
    if not policy and "--unsafe-allow-remove-all" not in given:
        fail("Fatal: no policy was specified, no snapshots will be removed")
    kept = set()
    for number, form in policy:
        seen = []
        for one in found:
            key = bucket(one, form) if form else one["id"]
            if key not in seen and len(seen) < number:
                seen.append(key)
                kept.add(one["id"])
    gone = [one for one in found if one["id"] not in kept]
    for one in gone:
        repository.drop(one)
    if "--json" in given and found:
        say([{"tags": None, "host": found[0]["hostname"], "paths": None, "keep": [one for one in found if one["id"] in kept], "remove": gone or None,
            "reasons": []}])


def tag(repository, given, plain):
    one = repository.one(plain[0])
    repository.drop(one)
    one["original"] = one.get("original") or one["id"]
    one["tags"] = given["--set"][0].split(",")
    repository.keep(one)


def check(repository, given):
    errors = 0
    for one in repository.snapshots():
        with open("%s/data/%s.sums" % (repository.path, one["tree"])) as file:
            sums = json.load(file)
        for path, wanted in sums.items():
            there = repository.tree(one) + path
            if not os.path.exists(there) or digest(there) != wanted:
                sys.stderr.write("error for tree %s:\n  pack %s contains errors\n" % (one["tree"][:8], wanted[:8]))
                errors += 1
    if errors:
        fail("Fatal: repository contains errors")
    print("no errors were found")


def copy(repository, given):
    source = Repository(os.environ["RESTIC_FROM_REPOSITORY"], password("RESTIC_FROM"))
    have = {one.get("original") or one["id"] for one in repository.snapshots()}
    for one in chosen(source.snapshots(), given):
        origin = one.get("original") or one["id"]
        if origin in have:
            continue
        try:
            if not os.path.exists("%s/data/%s" % (repository.path, one["tree"])):
                shutil.copytree(source.tree(one), "%s/data/%s" % (repository.path, one["tree"]), symlinks=True)
                shutil.copy2(source.tree(one) + ".sums", "%s/data/%s.sums" % (repository.path, one["tree"]))
        except (OSError, shutil.Error) as error:
            fail("Fatal: %s" % error)
        repository.keep(dict(one, original=origin))


def size(repository, plain):
    one = repository.one(plain[0])
    files = [path for path in repository.nodes(one) if os.path.isfile(repository.tree(one) + path)]
    say({"total_size": sum(os.path.getsize(repository.tree(one) + path) for path in files), "total_file_count": len(files), "snapshots_count": 1})


def main(words):
    verb = words.pop(0)
    if verb == "version":
        print("restic 0.18.0 compiled with go1.24.1 on linux/amd64")
        return
    given, plain = arguments(words)
    path = os.environ.get("RESTIC_REPOSITORY") or fail("Fatal: Please specify repository location")
    if verb == "init":
        return init(path, given)
    repository = Repository(path, password("RESTIC"))
    if os.listdir(path + "/locks") and "--no-lock" not in given and verb != "unlock":
        fail("unable to create lock in backend: repository is already locked by PID 4711", 11)
    if verb == "cat":
        with open(path + "/config") as file:
            print(file.read())
    elif verb == "unlock":
        for name in os.listdir(path + "/locks"):
            os.unlink("%s/locks/%s" % (path, name))
    elif verb == "key":
        with open(given["--new-password-file"][0]) as file:
            open("%s/keys/%s" % (path, hashlib.sha256(file.read().strip().encode()).hexdigest()), "w").close()
    elif verb == "backup":
        backup(repository, given, plain)
    elif verb == "snapshots":
        found = chosen(repository.snapshots(), given)
        say([one for one in found if not plain or any(one["id"].startswith(word) for word in plain)])
    elif verb == "ls":
        listed(repository, given, plain)
    elif verb == "dump":
        with open(repository.tree(repository.one(plain[0])) + plain[1], "rb") as file:
            sys.stdout.buffer.write(file.read())
    elif verb == "restore":
        restore(repository, given, plain)
    elif verb == "forget":
        forget(repository, given, plain)
    elif verb == "tag":
        tag(repository, given, plain)
    elif verb == "check":
        check(repository, given)
    elif verb == "copy":
        copy(repository, given)
    elif verb == "stats":
        size(repository, plain)
    else:
        fail("restic stub: unknown command " + verb, 125)


main(sys.argv[1:])
