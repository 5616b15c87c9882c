# Asked inside Odoo's own container: how it is set up, as its process has it. Arguments: the container's own command. Of secrets
# only whether they are there, and of what kind. Says one object of JSON.
import stat

with open("/proc/1/cmdline", encoding="utf-8", errors="replace") as line:
    words = line.read().split("\0") + sys.argv[1:]
path = option(words, ("-c", "--config")) or os.environ.get("ODOO_RC") or os.environ.get("OPENERP_SERVER") or "/etc/odoo/odoo.conf"
config = configparser.RawConfigParser(strict=False)
config.read([path])
said = dict(config.items("options")) if config.has_section("options") else {}


def pick(key, *options):
    value = option(words, options or ("--" + key.replace("_", "-"), "--" + key))
    return value if value not in (None, "") else said.get(key)


def kind(password):
    if not password or password == "False":
        return "none"
    return "hash" if password.startswith("$pbkdf2") else "default" if password == "admin" else "plain"


told = {key: pick(key) for key in ("list_db", "dbfilter", "proxy_mode", "workers", "max_cron_threads", "db_maxconn",
                                   "limit_memory_soft", "limit_memory_hard", "limit_time_cpu", "limit_time_real", "log_level")}
told["db_name"] = pick("db_name", "-d", "--database")
told["dev"] = any(word == "--dev" or word.startswith("--dev=") for word in words)
told["argv_password"] = any(word in ("-w", "--db_password") or word.startswith("--db_password=") for word in words)
told["admin_passwd"] = kind(said.get("admin_passwd", "admin"))
try:
    mode = os.stat(path)
    told.update(file=path, mode="%o" % stat.S_IMODE(mode.st_mode), owner=mode.st_uid)
except OSError:
    told.update(file=None, mode=None, owner=None)
print(json.dumps(told))
