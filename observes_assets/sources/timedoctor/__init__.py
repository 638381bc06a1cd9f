"""TimeDoctor: hours by day, and what it knows of screenshots and programs, before it forgets them.

Data flow: login → lists of the whole company (companies, users with the archived ones, projects, tasks) →
``days`` says which days are due → ``one_day`` reads each: all users of the company, from midnight to midnight
(UTC), named in sets (``by_user``) → one complete batch for the day, if there is news → a record for each look
in ``timedoctor/observations``, by which the next run knows what is due. A day is read while it lasts, once it
is over, daily in the re-read tail, then weekly; programs and screenshots, which take a request a user, when
the day's age has doubled. ``partitions`` shows Dagster which days have landed. Older backups come in by
``singer`` and ``importing``.

Credentials: ``OBSERVES_TIMEDOCTOR_EMAIL`` and ``…_PASSWORD`` of an admin, ``…_TOTP_SECRET`` if there is a
second factor. The login asks for reading only, its token stays in this process, and each run logs out.
Without them TimeDoctor is not configured: its tables stay empty, and nothing fails.

Alone: ``observes extract timedoctor worklogs --limit 5`` prints yesterday's records and lands nothing. In
Python::

    client = Client(access.read(settings), contract.rate_limit)
    company = next(streams.companies(client))["id"]
    users = [one["id"] for one in streams.users(client, company)]
    list(streams.worklogs(client, UserSets(), Question(company, date(2026, 11, 16), users)))

Belongs here: who we are (``access``), HTTP (``client``, ``failures``), what is asked and whose it is
(``streams``, ``by_user``), keys (``records``), which days (``days``), what the warehouse has of them
(``reading``), one observation of everything (``one_day``, ``observation``, ``session``, ``assets``). Doesn't:
what counts as worked, days of people's own calendars, corrections (dbt, marts of ``hours``).
"""
