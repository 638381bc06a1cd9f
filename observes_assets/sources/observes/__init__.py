"""Observes itself: what its people decided, what it found and did, as streams that land like any other.

Data flow: something happens → ``streams`` makes a record of it → ``recording.record`` puts it into the
bucket as a differential batch and lands it → ``copies`` keeps the few rows that every command asks for in
narrow tables of the landing. Published releases are read back from the bucket by ``client``, so that a kill
between publishing and recording loses none. A database that starts from nothing has all of it after landing
what is in the bucket: holds, open incidents, closed months.

    decisions    how refusals ended; holds and resumes of publishing
    closings     closed months of bills, by revision
    incidents    causes that passed a threshold, from opening to closing
    erasures     persons who were erased, as keyed hashes
    extractions  one attempt to extract one stream: outcome, times, and what was promised then; what a kill
                 broke off is recorded too (``underway``)
    releases     what was published when, and how far it shows each stream
    exports      jobs of vendors that were paid for: ours to resume

A load of these alone is no reason for a new release (``callsForBuild``), erasures excepted; after a day it
is.

Credentials: none; the bucket's own.

Alone: ``observes extract observes releases``. In Python:
``record(installation, connection, "decisions", [...])``.

Belongs here: the shape of these records, writing them, and the copies made of them. Doesn't: what a
decision does (``landing.pending``, ``warehouse.holding``), when an incident opens (``incidents``), what a
bill is (``billing``).
"""
