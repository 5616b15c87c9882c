# Lists the modules that Odoo finds in this container, from their manifests alone: nothing of Odoo is started and
# nothing of a module is run. Arguments: the words of the container's own command.
import ast
import configparser
import importlib.util
import json
import os
import shutil
import sys


def option(words, names):
    for at, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name in names:
            return value if equals else (words[at + 1 : at + 2] or [""])[0]
    return None


def paths(words):
    rc = option(words, ("-c", "--config")) or os.environ.get("ODOO_RC") or os.environ.get("OPENERP_SERVER")
    config = configparser.RawConfigParser(strict=False)
    config.read([rc or "/etc/odoo/odoo.conf"])
    said = dict(config.items("options")) if config.has_section("options") else {}
    listed = option(words, ("--addons-path",)) or said.get("addons_path") or ""
    data = option(words, ("-D", "--data-dir")) or said.get("data_dir") or "/var/lib/odoo"
    found = []
    spec = importlib.util.find_spec("odoo")
    for package in (spec.submodule_search_locations or []) if spec else []:
        found.append(os.path.join(package, "addons"))
    program = shutil.which("odoo") or shutil.which("odoo-bin")
    if program:
        home = os.path.dirname(os.path.realpath(program))
        found += [os.path.join(home, "odoo", "addons"), os.path.join(home, "addons")]
    folder = os.path.join(data, "addons")
    found += [os.path.join(folder, series) for series in (os.listdir(folder) if os.path.isdir(folder) else [])]
    found += [os.path.expanduser(path.strip()) for path in listed.split(",") if path.strip()]
    return found


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
    for name in ("__manifest__.py", "__openerp__.py"):
        file = os.path.join(folder, name)
        if os.path.isfile(file):
            break
    else:
        return None
    try:
        with open(file, "rb") as source:
            said = ast.literal_eval(source.read(1000000).decode("utf-8"))
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
