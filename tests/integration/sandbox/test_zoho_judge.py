"""Another's judgement: Zoho's own SDK, in an environment of its own, reads the sandbox's Zoho."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.zoho import Zoho, catalogue, serving
from observes_assets.sandbox.zoho.names import entry_id, zoho_id
from observes_assets.sandbox.zoho.records import shown

PYTHON = Path(sys.prefix) / "judges" / "zoho" / "bin" / "python"
CLIENT = Path(__file__).parents[2] / "judges" / "zoho_client.py"
AT = datetime(2026, 10, 8, 15, 30, tzinfo=UTC)
SINCE = datetime(2026, 9, 1, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="Zoho's SDK is not installed")


@pytest.fixture
def zoho() -> Iterator[Zoho]:
    with serving(World(at=AT)) as server:
        server.jobs.seconds = 0.06
        server.jobs.per_page = 5
        yield server
    assert not server.failures


def judged(zoho: Zoho, *modules: str) -> subprocess.CompletedProcess[str]:
    """Let their client read some modules, and what does not belong to any."""
    login = zoho.credentials
    given: dict[str, Any] = {"url": zoho.address, "client_id": login.client_id, "modules": modules}
    given |= {"client_secret": login.client_secret, "refresh_token": login.refresh_token}
    given |= {"since": SINCE.isoformat()}
    return subprocess.run(
        [PYTHON, CLIENT], input=json.dumps(given), capture_output=True, text=True, timeout=240, check=False
    )


def test_their_client_reads_what_the_company_sells(zoho: Zoho) -> None:
    answer = judged(zoho, "Accounts", "Deals")
    assert answer.returncode == 0, answer.stderr
    said, company = json.loads(answer.stdout), zoho.world.company
    assert said["asking"] == f"kira-novak@quillmark.example:{zoho_id('organization', 1)}"
    assert said["organization"] == "Quillmark Works"
    assert said["modules"] == list(catalogue.modules())
    people = [one for one in company.people.values() if not one.is_bot and not one.is_deleted]
    assert said["users"] == {one.email: zoho_id("user", one.id) for one in people}
    assert said["fields"]["Deals"]["Renewal"] == "boolean"
    assert said["fields"]["Deals"]["Account_Name"] == "lookup"
    for name in ("Accounts", "Deals"):
        module = catalogue.modules()[name]
        pages = [list(csv.DictReader(io.StringIO(text, newline=""))) for text in said["files"][name]]
        assert len(pages) > 1
        expected = [one for one in shown(company, module) if one.modified_at >= SINCE]
        assert [row["id"] for page in pages for row in page] == [entry_id(one) for one in expected]
        assert set(pages[0][0]) == {"id", *said["fields"][name]}
        gone = {
            (entry_id(one.entry), "permanent" if one.is_permanent else "recycle", one.deleted_at)
            for one in company.crm.deletions.values()
            if one.entry.module == name and one.deleted_at >= SINCE
        }
        told = {(number, kind, datetime.fromisoformat(at)) for number, kind, at in said["deleted"][name]}
        assert told == gone
        assert gone
    assert len(zoho.credentials.given) == 1


@pytest.mark.parametrize(
    ("place", "spoil"),
    [
        (r"/read/\d+$", lambda body: {"data": [body["data"][0] | {"state": "DONE"}]}),
        ("/deleted", lambda body: {"data": [one | {"deleted_time": "yesterday"} for one in body["data"]]}),
    ],
)
def test_a_wrong_answer_would_be_found(zoho: Zoho, place: str, spoil: Any) -> None:
    """The judge does judge."""

    def wrong(answer: Answer) -> Answer:
        return Answer(answer.status, spoil(answer.body) if answer.body else None, answer.headers)

    zoho.switches.alter(place, wrong, times=99)
    assert judged(zoho, "Deals").returncode != 0


def test_their_client_says_what_it_was_refused_for(zoho: Zoho) -> None:
    zoho.credentials.scopes -= {"ZohoCRM.bulk.READ"}
    answer = judged(zoho, "Deals")
    assert answer.returncode != 0
    assert "OAUTH_SCOPE_MISMATCH" in answer.stderr
    zoho.credentials.most_tokens = 0
    answer = judged(zoho)
    assert answer.returncode != 0
    assert "Access Denied" in answer.stderr
