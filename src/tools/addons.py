

# Lists the modules that Odoo finds, from their manifests alone.
def missing(external):
    lacks = []
    for name in external.get("python") or []:
        # A requirement such as `lxml>=4`, a name such as `google-auth` whose import is another.
        plain = "".join(c if c.isalnum() or c in "._-" else " " for c in str(name)).split(" ")[0]
        if not importable(plain):
            lacks.append("python " + str(name))
    for name in external.get("bin") or []:
        if not shutil.which(str(name)):
            lacks.append("program " + str(name))
    return lacks


def importable(name):
    try:
        if importlib.util.find_spec(name.replace("-", "_").split(".")[0]):
            return True
    except (ImportError, ValueError):
        pass
    try:
        from importlib import metadata
    except ImportError:
        return False
    try:
        metadata.version(name)
        return True
    except metadata.PackageNotFoundError:
        return False


def module(folder):
    file = manifest(folder)
    if file is None:
        return None
    try:
        said = read(file)
        auto = said.get("auto_install", False)
        return {
            "version": str(said.get("version", "1.0")),
            "summary": str(said.get("summary") or said.get("name") or "")[:120],
            "depends": [str(one) for one in said.get("depends") or []],
            "installable": bool(said.get("installable", True)),
            "auto": [str(one) for one in auto] if isinstance(auto, (list, tuple, set)) else bool(auto),
            "lacks": missing(said.get("external_dependencies") or {}),
        }
    except Exception as error:
        return {"broken": "%s: %s" % (type(error).__name__, error)}


catalog = {}
for path in paths(sys.argv[1:]):
    for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
        if name in catalog or not name.replace("_", "a").isalnum():
            continue
        one = module(os.path.join(path, name))
        if one is not None:
            catalog[name] = dict(one, path=path)
json.dump(catalog, sys.stdout)
