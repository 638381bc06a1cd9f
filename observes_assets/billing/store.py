"""Where bills lie in the bucket, and in which order they get there.

    bills/2024/05/r1-<hash>/bill.json       what is owed: written once, with one CSV file a group
    bills/2024/05/r1-<hash>/<group>.csv
    bills/2024/05/<group>.csv               copies for old readers
    bills/2024/05/summary.json              names the current revision and every file's sha256

The hash is of ``bill.json``, which names the sha256 of every CSV file, so a directory can be checked against
its own name. A month is put in this order: the revision's directory, the flat copies (those of groups that
left are removed), ``summary.json``, and only then directories that no revision needs any more are removed:
what an open month said earlier. Killed anywhere, ``summary.json`` names a complete directory; a directory
that it does not name is the trace of a kill, and the next run puts the month again.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from observes_assets.billing.documents import Summary, bill_of, json_bytes, parse_revision, parse_summary
from observes_assets.billing.files import csv_files, revision_bytes, summary_of
from observes_assets.billing.records import MonthBill
from observes_assets.billing.revisions import directory_name
from observes_assets.bucket import Bucket, NotInBucketError
from observes_assets.errors import IntegrityError

_NAME = re.compile(r"bills/(\d{4})/(\d{2})/(?:(r\d+-[0-9a-f]{16})/)?([^/]+)")


class BillStore:
    """Bills in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    def listing(self) -> dict[date, frozenset[str]]:
        """Names of all objects of each month, without the month's own prefix."""
        months: defaultdict[date, set[str]] = defaultdict(set)
        for name in self.bucket.names("bills/"):
            if match := _NAME.fullmatch(name):
                month = date(int(match[1]), int(match[2]), 1)
                months[month].add(name.removeprefix(_prefix(month)))
        return {month: frozenset(names) for month, names in months.items()}

    def summary(self, month: date) -> Summary | None:
        """How a month stands; None if it was never written.

        Raises:
            IntegrityError: it can't be read.
        """
        name = f"{_prefix(month)}summary.json"
        try:
            return parse_summary(self.bucket.get(name))
        except NotInBucketError:
            return None
        except msgspec.DecodeError as error:
            raise _unreadable(name) from error

    def bill(self, summary: Summary) -> MonthBill:
        """The bill of a month as it stands.

        Raises:
            IntegrityError: the revision isn't in the bucket, or isn't what its name promises.
        """
        assert summary.directory is not None
        assert summary.revision is not None
        name = f"bills/{summary.month.replace('-', '/')}/{summary.directory}/bill.json"
        data = self.bucket.get(name)
        if directory_name(summary.revision, data) != summary.directory:
            raise IntegrityError(
                f"{name} is not what its directory's name promises.",
                "Bring the directory back from a backup of the bucket.",
            )
        try:
            return bill_of(summary, parse_revision(data))
        except msgspec.DecodeError as error:
            raise _unreadable(name) from error

    @staticmethod
    def is_intact(bucket: Bucket, name: str) -> bool:
        """Whether a revision's ``bill.json`` is there, and is what its directory's name promises."""
        directory = name.rsplit("/", 2)[1]
        try:
            data = bucket.get(name)
        except NotInBucketError:
            return False
        return directory_name(int(directory.partition("-")[0][1:]), data) == directory

    def needs_repair(self, summary: Summary, names: Iterable[str]) -> bool:
        """Whether a kill left traces in a month, or a file that its summary names is missing."""
        expected = {f"{summary.directory}/{name}" for name in [*summary.files, "bill.json"]}
        return bool(expected - set(names)) or bool(_superseded(summary, names))

    def put(self, bill: MonthBill, before: Summary | None, names: Iterable[str]) -> None:
        """Put a month; killed anywhere, and called again, it ends the same.

        Args:
            before: how the month stands; None if it was never written.
            names: what the month's listing shows.
        """
        summary, names = summary_of(bill), frozenset(names)
        prefix, files = _prefix(bill.month), csv_files(bill)
        is_there = before is not None and before.directory == summary.directory
        self._put_revision(f"{summary.directory}/", bill, files, names if is_there else frozenset())
        # Copies that the summary vouches for are left alone, unless somebody died among them.
        vouched = {} if before is None or self.needs_repair(before, names) else before.files
        for name, data in files.items():
            if name not in names or vouched.get(name) != summary.files[name]:
                self.bucket.put(prefix + name, data)
        for name in _left(summary, before, names):
            self.bucket.delete(prefix + name)
        if before != summary:
            self.bucket.put(f"{prefix}summary.json", json_bytes(summary))
        for name in _superseded(summary, names):
            self.bucket.delete(prefix + name)

    def _put_revision(
        self, directory: str, bill: MonthBill, files: Mapping[str, bytes], names: frozenset[str]
    ) -> None:
        for name, data in {**files, "bill.json": revision_bytes(bill)}.items():
            if directory + name in names:
                continue  # the summary vouches for it
            path = _prefix(bill.month) + directory + name
            if not self.bucket.put_new(path, data) and self.bucket.get(path) != data:
                raise IntegrityError(
                    f"{path} is in the bucket with other bytes than this revision's.",
                    "Bring the directory back from a backup of the bucket, or report it.",
                )


def _prefix(month: date) -> str:
    return f"bills/{month:%Y/%m}/"


def _superseded(summary: Summary, names: Iterable[str]) -> list[str]:
    """Files in directories that no revision of the summary names."""
    kept = {revision.directory for revision in summary.revisions}
    return sorted(name for name in names if "/" in name and name.partition("/")[0] not in kept)


def _left(summary: Summary, before: Summary | None, names: frozenset[str]) -> list[str]:
    """Flat copies of ours that the summary no longer names. What others put beside them is theirs."""
    ours = set(before.files) if before else set()
    ours |= {name.rpartition("/")[2] for name in _superseded(summary, names)} - {"bill.json"}
    return sorted((ours & names) - summary.files.keys())


def _unreadable(name: str) -> IntegrityError:
    return IntegrityError(
        f"{name} can't be read: it is damaged, or a newer version of Observes wrote it.",
        "Run the newest version, or bring the object back from a backup of the bucket.",
    )
