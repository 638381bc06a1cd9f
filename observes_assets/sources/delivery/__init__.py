"""Delivery: which boards count, what their fields are called, and what counts as done.

Data flow: a YAML file → ``client.read_delivery`` (all of it is checked before any of it is used) →
``streams.delivery_record`` → one batch of one record, ``delivery/delivery``. It lands like any other source,
so every release knows by which words it was counted. Without a file nothing is configured: the record names
no boards, days are those of UTC, and what GitHub calls completed is done.

Credentials: none.

Alone: ``observes extract delivery delivery`` prints the record and lands nothing. In Python:
``next(delivery_stream(Path("delivery.yaml")))``.

Belongs here: what the file may say (``client``), what it says (``model``), the record (``streams``), which
file it is (``reading``), and the sandbox's own (``sandbox.yaml``). Doesn't: reading boards
(``sources/github``), whether a board has the fields that the file names (mart ``boards``), and what sprints
and deliverables add up to (the other marts of ``delivery``).
"""
