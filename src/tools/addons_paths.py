# Where Odoo looks for modules in this container, and what a manifest says: nothing of Odoo is started and nothing of
# a module is run. Arguments: the words of the container's own command. Other programs are put behind this text.
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
    # Odoo's own order, in which the first of two modules of one name is the one that it loads.
    own, beside = [], []
    spec = importlib.util.find_spec("odoo")
    for package in (spec.submodule_search_locations or []) if spec else []:
        own.append(os.path.join(package, "addons"))
        beside.append(os.path.join(os.path.dirname(package), "addons"))
    program = shutil.which("odoo") or shutil.which("odoo-bin")
    if program:
        home = os.path.dirname(os.path.realpath(program))
        own.append(os.path.join(home, "odoo", "addons"))
        beside.append(os.path.join(home, "addons"))
    folder = os.path.join(data, "addons")
    series = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    named = [path.strip() for path in listed.split(",") if path.strip() not in ("", "None")]
    return own + [os.path.join(folder, one) for one in series] + [os.path.expanduser(path) for path in named] + beside


def manifest(folder):
    for name in ("__manifest__.py", "__openerp__.py"):
        file = os.path.join(folder, name)
        if os.path.isfile(file):
            return file
    return None


def read(file):
    with open(file, "rb") as source:
        return ast.literal_eval(source.read(1000000).decode("utf-8"))
