# Loads /got/dump.sql, which is believed to be hostile, as a role that may do nothing but own its database. Not by psql: what
# is a command there (`\!`, `\copy .. program`, `\i`) is no statement, so nothing of it can run. Arguments: database; role.
# Exit 1: refused, and the last line says why.
import os, re, sys, traceback

import psycopg2

database, role = sys.argv[1], sys.argv[2]
HEADER = re.compile(rb"-- (?:Data for )?Name: (.*); Type: ([A-Z ]+); Schema: (.*); Owner: ")
COPY = re.compile(rb"COPY .* FROM stdin;\r?\n")
# What this role may not do and a backup does not need, and what is made before.
SKIPPED = {b"ACL", b"DEFAULT ACL", b"EXTENSION", b"PUBLICATION", b"PUBLICATION TABLE", b"SUBSCRIPTION", b"EVENT TRIGGER",
    b"PROCEDURAL LANGUAGE", b"SECURITY LABEL"}
# Settings that servers of another age do not know.
SETTING = re.compile(rb"SET (default_with_oids|transaction_timeout|default_table_access_method) = [^;']*('')?;\r?\n")
LARGEST = 256 << 20


refused = []


def refuse(why):
    refused.append(why)
    print(str(why).encode("ascii", "backslashreplace").decode(), flush=True)
    sys.exit(1)


def broken(kind, error, trace):
    traceback.print_exception(kind, error, trace)
    sys.stderr.flush()
    os._exit(2)


sys.excepthook = broken


class Rows:
    """The rows of one COPY, to the line that ends them."""

    def __init__(self, dump):
        self.dump, self.held, self.ended = dump, b"", False

    def read(self, size=8192):
        chunks, have = [self.held], len(self.held)
        while have < size and not self.ended:
            line = self.dump.next()
            if not line:
                refuse("dump.sql is cut")
            if line in (b"\\.\n", b"\\.\r\n"):
                self.ended = True
            else:
                chunks.append(line)
                have += len(line)
        data = b"".join(chunks)
        self.held = data[size:]
        return data[:size]


class Dump:
    def __init__(self, path):
        self.file, self.number = open(path, "rb"), 0

    def next(self):
        line = self.file.readline(LARGEST)
        self.number += 1
        if len(line) >= LARGEST:
            refuse("line %d of dump.sql has no end" % self.number)
        return line


def skipped(header):
    if not header:
        return False
    name, kind, _ = header.groups()
    return kind in SKIPPED or kind == b"SCHEMA" and name == b"public" or \
        kind == b"COMMENT" and (name.startswith(b"EXTENSION ") or name == b"SCHEMA public")


class Loader:
    def __init__(self, cursor):
        self.cursor, self.parts, self.size, self.header, self.whole = cursor, [], 0, None, False

    def run(self):
        text, skip = b"".join(self.parts), skipped(self.header)
        self.parts, self.size = [], 0
        if skip and self.header.group(2) == b"EXTENSION":
            self.cursor.execute("select count(*) from pg_catalog.pg_extension where extname = %s", (self.header.group(1).decode(),))
            if not self.cursor.fetchone()[0]:
                refuse("it wants the extension %s, which is not to be had here" % self.header.group(1).decode())
        elif not skip and re.search(rb"^[^-\s]", text, re.M):
            self.cursor.execute(text)

    def load(self, dump):
        while True:
            line = dump.next()
            if not line:
                break
            header = HEADER.match(line)
            if header:
                self.run()
                self.header = header
            if line.startswith(b"\\"):
                if not line.startswith((b"\\restrict ", b"\\unrestrict ")):
                    refuse("line %d of dump.sql is a command of psql, which no dump has: %r" % (dump.number, line[:60]))
                continue
            if SETTING.fullmatch(line):
                continue
            if COPY.fullmatch(line):
                self.run()
                self.cursor.copy_expert(line.decode().rstrip().rstrip(";"), Rows(dump))
                continue
            self.whole = self.whole or line.startswith(b"-- PostgreSQL database dump complete")
            self.parts.append(line)
            self.size += len(line)
            if self.size > LARGEST:
                refuse("dump.sql has a statement that is too large, near line %d" % dump.number)
        self.run()
        if not self.whole:
            refuse("dump.sql is cut: its end is missing")


dump = Dump("/got/dump.sql")
link = psycopg2.connect(host="127.0.0.1", user=role, dbname=database, password="none")
link.autocommit = True
try:
    Loader(link.cursor()).load(dump)
except UnicodeDecodeError:
    refuse("a name in dump.sql, near line %d, is no text" % dump.number)
except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
    # What is refused while rows are read ends as an error of the server.
    if refused:
        sys.exit(1)
    print("the server of the import went away: %s" % error)
    sys.exit(2)
except psycopg2.Error as error:
    refuse("it cannot be restored, near line %d of dump.sql: %s" % (dump.number, " ".join(str(error).split())[:250]))
