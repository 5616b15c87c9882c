# Asked inside Odoo's own container: its way to the database, and the doors that programs and browsers come by. Arguments: the
# host's name, the database, then the container's own command. Says one object of JSON; never a password.
import http.client
import re
import socket

host, database = sys.argv[1], sys.argv[2]
# The process itself knows best: the official image's entrypoint adds words of its own.
with open("/proc/1/cmdline", encoding="utf-8", errors="replace") as line:
    words = line.read().split("\0") + sys.argv[3:]
SECONDS = 4
CALL = b"<?xml version='1.0'?><methodCall><methodName>version</methodName><params/></methodCall>"
# As RFC 6455 wants it; nobody is there to talk to.
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "b3BzIGhlYWx0aCBsb29rcyE="}


def settings():
    rc = option(words, ("-c", "--config")) or os.environ.get("ODOO_RC") or os.environ.get("OPENERP_SERVER")
    config = configparser.RawConfigParser(strict=False)
    config.read([rc or "/etc/odoo/odoo.conf"])
    return dict(config.items("options")) if config.has_section("options") else {}


said = settings()


# An option wins over the file; the official image takes what is in neither from its environment.
def pick(options, keys, variable=None):
    values = [option(words, options)] + [said.get(key) for key in keys] + [os.environ.get(variable) if variable else None]
    return next((value for value in values if value not in (None, "", "False")), None)


def short(error):
    return " ".join(str(error).split())[:200]


def to_database():
    at = pick(("--db_host",), ("db_host",), "HOST")
    port = int(pick(("--db_port",), ("db_port",), "PORT") or 5432)
    told = {"at": "%s:%d" % (at, port) if at else "its socket", "stage": "name", "why": ""}
    try:
        if at:
            socket.getaddrinfo(at, port)
            told["stage"] = "tcp"
            socket.create_connection((at, port), SECONDS).close()
        told["stage"] = "login"
        import psycopg2
        link = {"dbname": database, "connect_timeout": SECONDS, "application_name": "ops-health", "port": port}
        for name, value in (("host", at), ("user", pick(("-r", "--db_user"), ("db_user",), "USER")),
                            ("password", pick(("-w", "--db_password"), ("db_password",), "PASSWORD"))):
            if value:
                link[name] = value
        psycopg2.connect(**link).close()
        told["stage"] = "in"
    except Exception as error:
        told["why"] = short(error)
    return told


def ask(port, method, path, body=None, headers=()):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        link.request(method, path, body, dict(headers, Host=host))
        answer = link.getresponse()
        return answer.status, b"" if answer.status == 101 else answer.read(100000), ""
    except Exception as error:
        return None, b"", short(error)
    finally:
        link.close()


def number(text):
    found = re.match(r"\d+", text or "")
    return int(found.group()) if found else 0


http_port = number(pick(("-p", "--http-port", "--xmlrpc-port"), ("http_port", "xmlrpc_port"))) or 8069
workers = number(pick(("--workers",), ("workers",)))
status, body, why = ask(http_port, "POST", "/xmlrpc/2/common", CALL, [("Content-Type", "text/xml")])
version = re.search(rb"server_version</name>\s*<value><string>([^<]*)", body)
rpc = {"status": status, "why": why, "version": version.group(1).decode("utf-8", "replace") if version else None}
series = number(re.sub(r"^\D*", "", rpc["version"] or ""))
bus_port = number(pick(("--gevent-port", "--longpolling-port"), ("gevent_port", "longpolling_port"))) or 8072
bus = None
if series >= 16:
    at = bus_port if workers else http_port
    status, _, why = ask(at, "GET", "/websocket", headers=list(UPGRADE.items()) + [("Origin", "http://" + host)])
    bus = {"port": at, "status": status, "why": why, "socket": True}
elif workers:
    # Before 16 an answer comes with the next message only; that there is any shows that somebody listens.
    status, _, why = ask(bus_port, "GET", "/longpolling/health")
    bus = {"port": bus_port, "status": status, "why": why, "socket": False}
health = ask(http_port, "GET", "/web/health")[0]
json.dump({"database": to_database(), "rpc": rpc, "bus": bus, "health": health}, sys.stdout)
