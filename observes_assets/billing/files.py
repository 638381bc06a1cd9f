"""The bytes of bills: a CSV file a group, the record of a revision, the summary, the JSON of the CLI.

The same bill always gives the same bytes: sorted, no times of writing. CSV is RFC 4180 except for the line
ends (LF): every field is quoted, quotes are doubled, nothing else is altered, so a name is what git says it
is even if a spreadsheet would take it for a formula.
"""

import csv
import io
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec

from observes_assets.billing.calendar import month_text
from observes_assets.billing.documents import (
    GroupSummary,
    OrganizationSummary,
    RevisionDocument,
    Stale,
    Summary,
    json_bytes,
    sha256,
)
from observes_assets.billing.records import GroupBill, MonthBill, OrganizationBill, Stop
from observes_assets.billing.rules import inputs_sha256, settings_of_figures

COLUMNS = ("actor", "commit", "groups", "repository")


def csv_files(bill: MonthBill) -> dict[str, bytes]:
    """The file of each group by name (``<group>.csv``), without groups that have no figures."""
    return {
        f"{group.name}.csv": group_csv(group)
        for organization in bill.organizations
        if organization.is_known
        for group in organization.groups
    }


def group_csv(group: GroupBill) -> bytes:
    """The file of a group: UTF-8, LF, no byte order mark, sorted by actor, then commit."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    for author in sorted(group.authors, key=lambda author: (author.actor, author.commit)):
        writer.writerow((author.actor, author.commit, ", ".join(author.groups), author.repository))
    return text.getvalue().encode()


def summary_of(bill: MonthBill) -> Summary:
    """The summary of a bill."""
    stops = {stop.organization: stop for stop in bill.stops}
    return Summary(
        month=month_text(bill.month),
        status=bill.status,
        revision=bill.revision,
        directory=bill.revisions[-1].directory if bill.revisions else None,
        rule=bill.settings.rule,
        release=bill.release,
        code_version=bill.code_version,
        inputs_sha256=month_inputs_sha256(bill),
        settings=bill.settings,
        closes_at=bill.closes_at,
        missing=bill.missing,
        organizations=tuple(
            _organization_summary(organization, stops.get(organization.name))
            for organization in bill.organizations
        ),
        files={name: sha256(data) for name, data in csv_files(bill).items()},
        revisions=bill.revisions,
    )


def month_inputs_sha256(bill: MonthBill) -> str:
    """One sha256 over the inputs of all organizations that have figures."""
    return inputs_sha256(
        {organization.name: organization.inputs_sha256 for organization in bill.organizations}
    )


def revision_bytes(bill: MonthBill) -> bytes:
    """The bytes of ``bill.json``: of what is owed, not of when, from what release, or what is stale."""
    document = RevisionDocument(
        month=month_text(bill.month),
        settings=settings_of_figures(bill.settings),
        organizations=tuple(each for each in bill.organizations if each.is_known),
        files={name: sha256(data) for name, data in csv_files(bill).items()},
    )
    return json_bytes(document)


def month_json(month_bill: MonthBill) -> dict[str, Any]:
    """What ``observes bills --json`` prints; a stopped organization says so under ``stale``."""
    summary = summary_of(month_bill)
    return {
        "month": summary.month,
        "status": summary.status,
        "revision": summary.revision,
        "rule": summary.rule,
        "release": summary.release,
        "organizations": [_organization_json(each) for each in summary.organizations],
    }


def write_out(month_bill: MonthBill, folder: Path) -> None:
    """Write a bill's files and its ``summary.json`` (last) into a folder, which is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in csv_files(month_bill).items():
        (folder / name).write_bytes(data)
    (folder / "summary.json").write_bytes(json_bytes(summary_of(month_bill)))


def _organization_summary(organization: OrganizationBill, stop: Stop | None) -> OrganizationSummary:
    since = stop.since.astimezone(UTC) if stop and stop.since else None
    return OrganizationSummary(
        name=organization.name,
        currency=organization.currency,
        authors=organization.authors,
        amount=organization.amount,
        inputs_sha256=organization.inputs_sha256,
        groups=tuple(
            GroupSummary(group.name, len(group.authors) if organization.is_known else None, group.amount)
            for group in organization.groups
        ),
        stale=Stale(since, stop.why) if stop else None,
    )


def _organization_json(organization: OrganizationSummary) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(organization))
    del plain["inputs_sha256"]
    if plain["stale"] is None:
        del plain["stale"]
    return plain
