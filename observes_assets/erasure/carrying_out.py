"""Erase a person everywhere, in an order that survives a kill at any moment.

First the erasure lies in the bucket: from then on nothing about the person comes in. Then everything that
there is gets rewritten, alone: no extraction, landing or build runs meanwhile. Last a record says that it is
done. Whatever a kill left undone is done by ``resume``, which begins again from the first step; each of them
finds its own work done.
"""

import getpass
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from observes_assets import progress, scratch
from observes_assets.erasure import archived, published
from observes_assets.erasure.people import Erased, canonical, pseudonym
from observes_assets.erasure.register import Completion, Erasure
from observes_assets.errors import SettingsError
from observes_assets.installation import Installation
from observes_assets.postgres.locks import BUILD, ERASURE, lock_id, session_lock
from observes_assets.sources.observes.recording import record
from observes_assets.warehouse import pseudonyms, retention

EXEMPT = [
    "Bills of closed months, which the law makes a company keep; bills of open months are written anew.",
    "git mirrors and bundles: the customer's own history. They go with the repository.",
    "Commit ids and fingerprints: hashes over names and addresses among other things, which bills rest on.",
    "Names in free text, and in names of branches, that stand apart from an address.",
    "Backups of the bucket and of Postgres, until they expire.",
    "What a process that was killed left half-written in a folder bucket's staging: it goes a day later.",
    "Temporary files of killed processes on other machines, until the next process there removes them.",
    "Postgres' write-ahead log and freed space, until they are overwritten.",
    "Copies that others made of a release.",
    "Who decided about batches, releases and erasures: the account's name in the decision's own object.",
]
_OF_GITHUB = re.compile(r"([0-9]+)\+[^@]+@users\.noreply\.github\.com")
_ACCOUNT = (
    "GitHub shows no addresses: what a person did there goes only with the login and the number of their "
    "account. Give each with --person."
)
_NEWEST_MAILMAP = """
    select author_email, canonical_email from landing.identities where mailmap_sha256 = (
        select r.record ->> 'mailmap_sha256' from raw_portfolio.portfolio as r order by load_id desc limit 1
    )
"""


@dataclass
class Report:
    """What an erasure found, or did. Counts only: it names nobody."""

    number: int | None
    is_dry: bool
    identifier_count: int
    archive: dict[str, dict[str, int]] = field(default_factory=dict)
    landing_rows: int = 0
    releases: dict[str, Any] = field(default_factory=dict)
    dropped_releases: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    exempt: list[str] = field(default_factory=lambda: list(EXEMPT))

    @property
    def total(self) -> dict[str, int]:
        """Sums over all streams."""
        sums = {"batches": 0, "records": 0, "rows": 0, "deleted_objects": 0}
        for counts in self.archive.values():
            sums = {name: sums[name] + counts[name] for name in sums}
        return sums


@dataclass(frozen=True)
class People:
    """Identifiers of whom to erase, as pseudonyms: e-mail addresses, and others."""

    emails: frozenset[str]
    others: frozenset[str]
    may_have_account: bool = False

    @property
    def notes(self) -> list[str]:
        """What a person must know before it is too late to name somebody better."""
        return [_ACCOUNT] if self.may_have_account else []

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.emails) + len(self.others)


def identify(installation: Installation, connection: Connection, identifiers: Iterable[str]) -> People:
    """Who is meant: the identifiers given, and the addresses that the mailmap takes for the same person.

    Raises:
        SettingsError: an identifier is empty.
    """
    key = pseudonyms.read_key(installation.settings)
    given = {canonical(one) for one in identifiers}
    if not given or "" in given:
        raise SettingsError("An empty identifier names nobody.", "Give an e-mail address, or a login.")
    pairs = [
        {canonical(email) for email in row} - {""} for row in connection.execute(_NEWEST_MAILMAP).fetchall()
    ]
    while True:
        more = {email for pair in pairs if pair & given for email in pair} - given
        if not more:
            break
        given |= more
    accounts = {found[1] for one in given if (found := _OF_GITHUB.fullmatch(one))}
    return People(
        frozenset(pseudonym(key, one) for one in given if "@" in one),
        frozenset(pseudonym(key, one) for one in given if "@" not in one),
        may_have_account=not accounts <= given or all("@" in one for one in given),
    )


def look(installation: Installation, connection: Connection, people: People) -> Report:
    """Count what an erasure would rewrite; nothing is written."""
    register = installation.archive.register
    register.read()
    erased = Erased(
        number=register.erased.number + 1,
        emails=register.erased.emails | people.emails,
        others=register.erased.others | people.others,
        key=pseudonyms.read_key(installation.settings),
    )
    report = Report(None, is_dry=True, identifier_count=people.count)
    _rewrite(installation, connection, erased, report)
    report.notes += people.notes
    return report


def erase(installation: Installation, connection: Connection, people: People, *, why: str) -> Report:
    """Write the erasure down, and carry it out. The connection must autocommit."""
    register = installation.archive.register
    with alone(connection):
        erasures, _ = register.read()
        number = erasures[-1].number + 1 if erasures else 1
        key = pseudonyms.read_key(installation.settings)
        register.record(
            connection,
            Erasure(
                number=number,
                emails=sorted(people.emails),
                others=sorted(people.others),
                who=getpass.getuser(),
                why=why,
                recorded_at=datetime.now(UTC),
                key_fingerprint=pseudonyms.fingerprint(key),
                exempt=EXEMPT,
            ),
        )
        report = _carry_out(installation, connection, people.count)
    _tell_warehouse(installation, connection)
    report.notes += people.notes
    return report


def resume(installation: Installation, connection: Connection) -> Report | None:
    """Carry out what a kill left undone; None if nothing is. The connection must autocommit."""
    register = installation.archive.register
    with alone(connection):
        erasures, completions = register.read()
        if not erasures or (completions and completions[-1].number == erasures[-1].number):
            register.copy(connection)
            report = None
        else:
            newest = erasures[-1]
            count = len(newest.emails) + len(newest.others)
            report = _carry_out(installation, connection, count)
    _tell_warehouse(installation, connection)
    return report


def _tell_warehouse(installation: Installation, connection: Connection) -> None:
    """Copy erasures into the stream ``observes/erasures``, for marts; the bucket's ``erasures/`` decides."""
    known = {row[0] for row in connection.execute("select record_key from landing.observes__erasures")}
    erasures, _ = installation.archive.register.read()
    fresh = [
        {
            "erasure": one.number,
            "pseudonyms": [*one.emails, *one.others],
            "who": one.who,
            "why": one.why,
            "exempt": one.exempt,
            "erased_at": one.recorded_at.isoformat(),
        }
        for one in erasures
        if f"[{one.number}]" not in known
    ]
    if fresh:
        record(installation, connection, "erasures", fresh)


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Keep builds, extractions and landings out for the block; waits for those that are under way."""
    with session_lock(connection, BUILD, what="The build"), progress.task("running extractions", 1) as step:
        while not _try(connection):
            step(0, "waiting for one to end")
            time.sleep(0.5)
        step(1, "")
        try:
            yield
        finally:
            if not connection.closed:
                connection.execute("select pg_advisory_unlock(%s)", [lock_id(ERASURE)])


def _try(connection: Connection) -> bool:
    # Asked for again and again: whoever stood in line would block those that hold it and want it once more.
    row = connection.execute("select pg_try_advisory_lock(%s)", [lock_id(ERASURE)]).fetchone()
    return bool(row and row[0])


def _carry_out(installation: Installation, connection: Connection, identifier_count: int) -> Report:
    register = installation.archive.register
    register.copy(connection)
    report = Report(register.erased.number, is_dry=False, identifier_count=identifier_count)
    published.drop_candidate(connection)
    for folder in (installation.settings.home / "dbt").glob("*/"):
        shutil.rmtree(folder, ignore_errors=True)  # of failed builds; their logs may quote a row
    scratch.sweep()  # what killed extractions and landings left on this machine
    report.dropped_releases = retention.drop_old_releases(connection)[0]
    covered = _rewrite(installation, connection, register.erased, report)
    published.vacuum_landing(connection)
    register.complete(
        connection,
        Completion(
            number=register.erased.number,
            completed_at=datetime.now(UTC),
            covered=covered,
            counts=report.total | {"landing_rows": report.landing_rows},
            releases=report.releases,
            notes=report.notes,
        ),
    )
    return report


def _rewrite(
    installation: Installation, connection: Connection, erased: Erased, report: Report
) -> dict[str, int]:
    """Archive and raw tables, then the landing's notes, then releases; returns the last batch by stream."""
    covered, found = {}, {}
    streams = archived.streams_of(installation.archive)
    with progress.task("archive and raw tables", sum(streams.values())) as step:
        for source, stream in streams:
            rewriter = archived.StreamRewriter(
                connection,
                installation.archive,
                erased,
                source,
                stream,
                installation.contracts.get(source),
                is_dry=report.is_dry,
            )
            covered[f"{source}/{stream}"] = rewriter.run(step)
            found[source, stream] = rewriter.counts
    archived.vacuum(connection, found)
    report.archive = {f"{source}/{stream}": asdict(counts) for (source, stream), counts in found.items()}
    sweep = published.Sweep(connection, erased, report.is_dry)
    with progress.task("landing and releases", 2) as step:
        report.landing_rows = sweep.landing()
        step(1, "releases")
        report.releases = published.sweep_releases(sweep)
        step(1, "")
    report.notes = _notes(installation, erased)
    return covered


def _notes(installation: Installation, erased: Erased) -> list[str]:
    """What keeps something of the person here, in particular."""
    bucket = installation.bucket
    months = set()
    for name in bucket.names("bills/"):
        text = bucket.get(name).decode("utf-8", "replace")
        if replace(erased, others=frozenset()).rewrite(text) is not text:
            months.add("/".join(name.split("/")[1:3]))
    notes = [f"Bills of {month} name somebody who was erased." for month in sorted(months)]
    if bucket.keeps_deleted():
        notes.append(
            "The bucket keeps versions of deleted objects: let a lifecycle rule remove noncurrent versions."
        )
    return notes
