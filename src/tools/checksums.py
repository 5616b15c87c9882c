

# The checksums of modules, each as click-odoo-update computes it: the same files give the same one, so that what that
# tool has stored stays true. Input: a line with the question (what the database says: its modules, which of its
# languages are active, the patterns of files that do not count, what is stored), and where the answer is to be stored
# a second line with what is known to be up to date. Without that line the answer is what each module has on disk, with
# it what is to be stored.
import fnmatch
import hashlib

PATTERNS = "*.pyc,*.pyo,i18n/*.pot,i18n_extra/*.pot,static/*,tests/*"


def counted(top, patterns, languages):
    for folder, folders, files in os.walk(top):
        # In this order, and with a folder's own files before those of its folders.
        folders.sort()
        inside = os.path.relpath(folder, top)
        inside = "" if inside == os.curdir else inside
        for name in sorted(files):
            path = os.path.join(inside, name)
            if any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                continue
            stem, ending = os.path.splitext(name)
            translation = ending == ".po" and inside in ("i18n", "i18n_extra")
            if translation and languages and stem.split("_")[0] not in languages:
                continue
            yield path


def checksum(top, patterns, languages):
    digest = hashlib.sha1()
    for path in counted(top, patterns, languages):
        digest.update(path.encode("utf-8", "surrogateescape"))
        with open(os.path.join(top, path), "rb") as source:
            for piece in iter(lambda: source.read(1 << 20), b""):
                digest.update(piece)
    return digest.hexdigest()


def find(name, places):
    for place in places:
        folder = os.path.join(place, name)
        if manifest(folder):
            return folder
    return None


def installable(folder):
    try:
        return bool(read(manifest(folder)).get("installable", True))
    except Exception:
        # Odoo cannot read it either, and the tool leaves such a module alone.
        return False


def known(text):
    try:
        stored = json.loads(text or "{}")
    except Exception:
        return {}
    return stored if isinstance(stored, dict) else {}


def answer(question, settled):
    said = question["patterns"]
    patterns = [pattern.strip() for pattern in (PATTERNS if said is None else said).split(",")]
    languages = {code.split("_")[0] for code in question["languages"] or []}
    places = paths(sys.argv[1:])
    stored, result = known(question["stored"]), {}
    for name, state in sorted((question["modules"] or {}).items()):
        folder = find(name, places)
        if settled is None:
            if folder:
                result[name] = {"installable": installable(folder)}
                try:
                    result[name]["checksum"] = checksum(folder, patterns, languages)
                except OSError as error:
                    result[name]["fault"] = str(error)
            continue
        if state != "installed":
            continue
        what, old = settled["what"], stored.get(name)
        anew = what == "all" or what == "unknown" and not old
        # What was not there before was installed from the files that are here.
        anew = anew or what == "named" and (name in settled["names"] or name not in settled["before"])
        if anew:
            result[name] = checksum(folder, patterns, languages) if folder else False
        elif name in stored:
            result[name] = old
    return result


lines = sys.stdin.buffer.read().decode("utf-8").split("\n")
json.dump(answer(json.loads(lines[0]), json.loads(lines[1]) if lines[1:] and lines[1] else None), sys.stdout)
