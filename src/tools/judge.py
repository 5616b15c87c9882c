# Judges an archive that is believed to be hostile, and unpacks of it what a backup of Odoo has: dump.sql or db.dump,
# manifest.json, filestore/xx/name. Read by the Python of Odoo's image, without a network and without rights. Arguments:
# the archive; where it is unpacked; the kind, `zip`, or `tar` as ops itself packs a folder; kilobytes that stay free. Exit 1: refused, and the last line says why.
import errno, hashlib, json, os, re, stat, sys, tarfile, time, traceback, zipfile

sent, got, kind, reserve = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]) * 1024
ENTRIES, SMALL, RATIO = 2000000, 100 << 20, 200
FILE = re.compile("filestore/([0-9a-f]{2})/([0-9a-f]{40})")
FOLDER = re.compile("filestore/?|filestore/(checklist|[0-9a-f]{2})/?|filestore/checklist/[0-9a-f]{2}/?")
# What Odoo means to remove: empty files named as those are.
WASTE = re.compile("filestore/checklist/[0-9a-f]{2}/[0-9a-f]{40}")


def refuse(why):
    print(why.encode("ascii", "backslashreplace").decode(), flush=True)
    sys.exit(1)


def broken(kind, error, trace):
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(2)


sys.excepthook = broken


class Entry:
    def __init__(self, name, size, packed, mode, opened):
        self.name, self.size, self.packed, self.mode, self.opened = name, size, packed, mode, opened


def from_zip(path):
    with open(path, "rb") as file:
        end = zipfile._EndRecData(file)
    if not end:
        refuse("it is no zip, or its end is missing")
    if end[zipfile._ECD_ENTRIES_TOTAL] > ENTRIES or end[zipfile._ECD_SIZE] > ENTRIES * 200:
        refuse("it has more than %d entries" % ENTRIES)
    archive = zipfile.ZipFile(path)
    reach = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        # Of entries that lie in each other a small archive becomes a large one.
        if info.header_offset < reach:
            refuse("entries of it overlap")
        reach = info.header_offset + info.compress_size
        if info.flag_bits & 1:
            refuse("it is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            refuse("it is packed in a way that Odoo does not use")
        mode = stat.S_IFMT(info.external_attr >> 16)
        yield Entry(info.orig_filename, info.file_size, info.compress_size, mode, lambda info=info: archive.open(info))
    if reach > os.path.getsize(path):
        refuse("it is cut")


def from_tar(path):
    archive = tarfile.open(path, "r:")
    for count, info in enumerate(archive):
        if count > ENTRIES:
            refuse("it has more than %d entries" % ENTRIES)
        mode = stat.S_IFREG if info.isreg() else stat.S_IFDIR if info.isdir() else stat.S_IFLNK
        yield Entry(info.name, info.size, info.size, mode, lambda info=info: archive.extractfile(info))


# Why there may be no such entry.
def fault(entry, seen):
    name = entry.name
    if name in seen:
        return "it has %r twice" % name
    if name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/"):
        return "it has a path that leads out of it: %r" % name
    folder = name.endswith("/") or entry.mode == stat.S_IFDIR
    if entry.mode not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "it has a link or a device: %r" % name
    if folder:
        return None if FOLDER.fullmatch(name) else "it has a directory that no backup of Odoo has: %r" % name
    file = FILE.fullmatch(name)
    if file and file.group(1) != file.group(2)[:2] or not (file or WASTE.fullmatch(name) or name in ("dump.sql", "db.dump", "manifest.json")):
        return "it has a file that no backup of Odoo has: %r" % name
    if name == "manifest.json" and entry.size > 16 << 20 or WASTE.fullmatch(name) and entry.size > 4096:
        return "%r is too large" % name
    if entry.size > SMALL and entry.size > RATIO * max(entry.packed, 1):
        return "%r is a bomb: %d bytes, packed in %d" % (name, entry.size, entry.packed)
    return None


def room(bytes):
    disk = os.statvfs(got)
    free = disk.f_bavail * disk.f_frsize - reserve
    # The database comes into being of the dump, and is dumped again.
    if bytes > free:
        print("it wants %d MB, and %d MB are free" % (bytes >> 20, max(free, 0) >> 20), flush=True)
        sys.exit(3)


def unpack(entry):
    path = os.path.join(got, entry.name)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    digest, left = hashlib.sha1(), entry.size
    with entry.opened() as file, open(path, "xb") as out:
        while True:
            chunk = file.read(1 << 20)
            if not chunk:
                break
            left -= len(chunk)
            if left < 0:
                refuse("%r is larger than it says" % entry.name)
            digest.update(chunk)
            out.write(chunk)
    if left:
        refuse("%r is cut" % entry.name)
    if entry.name.startswith("filestore/") and digest.hexdigest() != entry.name[-40:]:
        refuse("%r is not what its name says" % entry.name)


def main():
    os.umask(0o077)
    entries = list((from_zip if kind == "zip" else from_tar)(sent))
    seen = set()
    for entry in entries:
        why = fault(entry, seen)
        if why:
            refuse(why)
        seen.add(entry.name)
    dumps = [name for name in ("dump.sql", "db.dump") if name in seen]
    if len(dumps) != 1:
        refuse("it has no dump.sql" if not dumps else "it has two dumps")
    dump = sum(entry.size for entry in entries if entry.name in dumps)
    total = sum(entry.size for entry in entries)
    # The rows once more as a database, then once more as a dump.
    room(total + 2 * dump)
    files, told = 0, 0.0
    for count, entry in enumerate(entries):
        if time.monotonic() - told > 1:
            told = time.monotonic()
            print("unpacked %d of %d entries" % (count, len(entries)), flush=True)
        if entry.name.endswith("/") or entry.mode == stat.S_IFDIR or WASTE.fullmatch(entry.name):
            continue
        files += entry.name.startswith("filestore/")
        unpack(entry)
    if "manifest.json" in seen:
        with open(os.path.join(got, "manifest.json"), encoding="utf-8") as file:
            try:
                said = json.load(file)
            except (ValueError, RecursionError):
                refuse("its manifest.json is none")
        if not isinstance(said, dict) or str(said.get("odoo_dump", "1")) != "1":
            refuse("its manifest.json is none of Odoo's")
    print("%s, %d files, %d MB" % (dumps[0], files, total // 1000000))


try:
    main()
except MemoryError:
    raise
except OSError as error:
    # Of a bad archive, somewhere that is nowhere is asked for.
    if error.errno != errno.EINVAL:
        raise
    refuse("it cannot be read to its end: %s" % error)
except Exception as error:
    refuse("it cannot be read to its end: %s" % error)
