"""Zoho CRM: sixteen modules, its users, and what was deleted.

Data flow: ``preparation`` asks for an export (Zoho's bulk-read job) of every module that is due, of what has
changed since the last reading, or of everything (the contract's ``sweepHours``), and notes its id at once
(``recording``) → Zoho works, for seconds or hours → ``observation`` looks at each export until it is
COMPLETED, follows its pages, asks anew for what failed or expired, and has ``reading`` fetch the zip, make a
batch of it and land it → at last users and deletions. In Dagster these are two assets, ``zoho/exports`` and
the streams: a schedule asks, a sensor (``looking``) starts the fetching when Zoho is done; ``observes run``
does both, and waits for as long as ``OBSERVES_ZOHO_WAIT`` allows. The next run goes on with the rest.

Credentials: ``OBSERVES_ZOHO_CLIENT_ID``, ``…_CLIENT_SECRET`` and ``…_REFRESH_TOKEN`` of a user with the
scopes ZohoCRM.bulk.READ, ZohoCRM.modules.READ and ZohoCRM.users.READ; ``…_ACCOUNTS_URL`` of its data centre.
One access token serves all processes of a home; it lies in ``<home>/zoho``. Without them Zoho is not
configured: its tables stay empty, and nothing fails.

Alone: ``observes extract zoho users --limit 5`` prints records and lands nothing; a module's cost an export.
In Python::

    client = Client(access.read(settings), contract.rate_limit)
    list(client.users())

Belongs here: who we are (``access``, ``credentials``), HTTP (``client``, ``failures``), what is asked and how
a zip is read (``streams``), how far a reading is (``exports``), what is gone (``deletions``). Doesn't: what a
stage or a won deal is (dbt), and which account is which organization (the seed ``customer_bridge``).
"""
