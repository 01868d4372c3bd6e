"""Writes events into a queue the two ways python-pgq knows: producer.py CONNSTR QUEUE"""

import datetime
import sys

import pgq
import psycopg2

with psycopg2.connect(sys.argv[1]) as db, db.cursor() as curs:
    pgq.insert_event(curs, sys.argv[2], "single", "one & one", "e1", None, "", "e4")
    now = datetime.datetime.now(datetime.timezone.utc)
    rows = [{"ev_time": now, "ev_type": "bulk", "ev_data": f"row {n}\t\\"} for n in range(1000)]
    pgq.bulk_insert_events(curs, rows, ["ev_time", "ev_type", "ev_data"], sys.argv[2])
