"""May 2024 and what tests ask about it."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

from observes_assets.billing import BillsOutcome
from tests.integration.billing.conftest import Office

MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)
MID_MAY = datetime(2024, 5, 20, 12, tzinfo=UTC)
IN_JUNE = datetime(2024, 6, 1, 2, tzinfo=UTC)
CLOSING = datetime(2024, 6, 5, tzinfo=UTC)
SUMMARY = "bills/2024/05/summary.json"


def summary(office: Office, name: str = SUMMARY) -> dict[str, Any]:
    """The summary, after a check that every file it names is there and is what it promises."""
    document: dict[str, Any] = json.loads(office.bucket.get(name))
    folder = name.removesuffix("summary.json")
    for file, digest in document["files"].items():
        for path in (f"{folder}{document['directory']}/{file}", folder + file):
            assert hashlib.sha256(office.bucket.get(path)).hexdigest() == digest
    assert [each["revision"] for each in document["revisions"]][-1] == document["revision"]
    for each in document["revisions"]:
        bill = office.bucket.get(f"{folder}{each['directory']}/bill.json")
        assert hashlib.sha256(bill).hexdigest()[:16] == each["directory"].partition("-")[2]
    return document


def actions(outcome: BillsOutcome) -> dict[date, str]:
    return {month.month: month.action for month in outcome.months}


def amounts(document: dict[str, Any]) -> dict[str, str | None]:
    return {each["name"]: each["amount"] for each in document["organizations"]}


def observe_all(office: Office, until: datetime) -> None:
    for repository_id in ("r1", "r2", "r3"):
        office.observe(until, repository_id)


def closed(office: Office) -> None:
    """May with two authors, closed."""
    office.author("storefront")
    office.author("mobile", "zoe@zeta.test", organization="zeta")
    office.write(MID_MAY)
    observe_all(office, IN_JUNE)
    assert actions(office.write(CLOSING)) == {MAY: "closed", JUNE: "written"}
