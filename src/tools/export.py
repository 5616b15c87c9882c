# Packs what came out of a backup as Odoo's own `dump_db` does (odoo/service/db.py): dump.sql, manifest.json, filestore/. Read
# by the Python of Odoo's image. Arguments: the name of the database; whose the zip shall be.
import hashlib, importlib.util, json, os, re, runpy, sys, time, zipfile

database, uid, gid = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with open("got/config/manifest.json", encoding="utf-8") as file:
    said = json.load(file)
# The same backup gives the same bytes, so that a fetch of it may go on with another export.
TAKEN = time.strptime(said["taken"], "%Y-%m-%dT%H:%M:%SZ")[:6]
NAME = re.compile("[0-9a-f]{2}/[0-9a-f]{40}")
HEAD = (b"--", b"SET ", b"SELECT pg_catalog.set_config(", b"\n", b"\r\n")


# The release as the image tells it, where the backup is of this series; a backup of another one tells only its own.
def release(modules):
    base = str(modules.get("base") or "")
    series = ".".join(base.split(".")[:2])
    spec = importlib.util.find_spec("odoo")
    for place in (spec.submodule_search_locations or []) if spec else []:
        path = os.path.join(place, "release.py")
        if os.path.exists(path):
            found = runpy.run_path(path)
            if found["major_version"] == series:
                return found["version"], found["version_info"], series
    number = [int(part) if part.isdigit() else part for part in series.split(".")]
    return series, number + [0, "final", 0, ""], series


def manifest():
    of = said["database"]
    version, info, series = release(of["modules"] or {})
    major = re.match("[0-9]+", of["server"]).group()
    return {"odoo_dump": "1", "db_name": database, "version": version, "version_info": info,
        "major_version": series, "pg_version": major + ".0", "modules": of["modules"] or {}}


# Without what an older psql does not know. `\restrict` names a word that nobody could have written into the rows; a setting
# stands before the first object.
def statements(dump):
    token, head = None, True
    for line in dump:
        if head and line.startswith(b"\\restrict "):
            token = line.split()[1]
            continue
        head = head and line.startswith(HEAD)
        if token and line.split() == [b"\\unrestrict", token] or head and line.startswith(b"SET transaction_timeout "):
            continue
        yield line


def files():
    for folder, _, names in sorted(os.walk("got/filestore")):
        for name in sorted(names):
            path = os.path.join(folder, name)
            short = os.path.relpath(path, "got/filestore")
            # What Odoo itself would pack: no links, and nothing of its waste list.
            if NAME.fullmatch(short) and os.path.isfile(path) and not os.path.islink(path):
                yield path, short


done, told, total = 0, 0.0, os.path.getsize("dump.sql") + sum(os.path.getsize(path) for path, _ in files())


def tell(count):
    global done, told
    done += count
    if time.monotonic() - told > 1:
        told = time.monotonic()
        print("packed %d of %d MB" % (done // 1000000, total // 1000000), flush=True)


# `size`: at most so many bytes.
def add(out, name, size, chunks):
    entry = zipfile.ZipInfo(name, TAKEN)
    entry.compress_type, entry.external_attr, entry.file_size = zipfile.ZIP_DEFLATED, 0o600 << 16, size
    digest = hashlib.sha1()
    with out.open(entry, "w") as to:
        for chunk in chunks:
            digest.update(chunk)
            to.write(chunk)
            tell(len(chunk))
    return digest.hexdigest()


def chunks(path):
    with open(path, "rb") as file:
        yield from iter(lambda: file.read(1 << 20), b"")


os.umask(0o077)
bad = 0
with zipfile.ZipFile("zip", "w", zipfile.ZIP_DEFLATED, allowZip64=True) as out:
    with open("dump.sql", "rb") as dump:
        add(out, "dump.sql", os.path.getsize("dump.sql"), statements(dump))
    text = json.dumps(manifest(), indent=4).encode()
    add(out, "manifest.json", len(text), [text])
    for path, short in files():
        bad += add(out, "filestore/" + short, os.path.getsize(path), chunks(path)) != short[3:]
if bad > said["attachments"]["missing"]:
    sys.exit("%d files are not what their names say" % bad)
# What was written is read once more.
with zipfile.ZipFile("zip") as out:
    if out.testzip():
        sys.exit("the zip cannot be read")
os.chown("zip", uid, gid)
