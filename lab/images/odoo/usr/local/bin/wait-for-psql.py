#!/usr/bin/python3
"""Wait until the database server answers, as the official image does."""
import argparse
import sys
import time

import psycopg2

parser = argparse.ArgumentParser()
for name in ("db_host", "db_port", "db_user", "db_password"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--timeout", type=int, default=5)
args = parser.parse_args()
end = time.monotonic() + args.timeout
while True:
    try:
        psycopg2.connect(user=args.db_user, host=args.db_host, port=args.db_port,
                         password=args.db_password, dbname="postgres").close()
        sys.exit(0)
    except psycopg2.OperationalError as error:
        if time.monotonic() > end:
            print("Database connection failure: %s" % error, file=sys.stderr)
            sys.exit(1)
    time.sleep(0.25)
