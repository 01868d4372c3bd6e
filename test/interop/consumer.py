"""A consumer on python-pgq's base classes: consumer.py reader|copier [options] INI

reader writes each event as a line of JSON and puts off those of type `later` once; copier writes them into the table
`copied` of another database, whose schema pgq_ext remembers what has been done.
"""

import json
import sys

import pgq

FIELDS = ("ev_type", "ev_data", "ev_retry", "ev_extra1", "ev_extra2", "ev_extra3", "ev_extra4")


class Reader(pgq.Consumer):
    def process_event(self, db, event):
        print(json.dumps({name: event[name] for name in FIELDS}), flush=True)
        if event.ev_type == "later" and event.ev_retry is None:
            event.tag_retry(1)
        else:
            event.tag_done()


class Copier(pgq.RemoteConsumer):
    def process_remote_batch(self, db, batch_id, event_list, dst_db):
        curs = dst_db.cursor()
        for event in event_list:
            curs.execute("insert into copied (what) values (%s)", [event.ev_data])
            event.tag_done()


if sys.argv[1] == "reader":
    Reader("reader", "db", sys.argv[2:]).start()
else:
    Copier("copier", "db", "remote_db", sys.argv[2:]).start()
