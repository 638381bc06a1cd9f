"""Another's judgement: Fluid Attacks' TimeDoctor SDK, in an environment of its own, reads the sandbox's."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from observes_assets.sandbox import World
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.timedoctor import TimeDoctor, serving
from observes_assets.sandbox.timedoctor.credentials import PASSWORD
from observes_assets.sandbox.timedoctor.people import members
from tests.integration.sandbox.timedoctor_caller import Caller

PYTHON = Path(sys.prefix) / "judges" / "timedoctor" / "bin" / "python"
CLIENT = Path(__file__).parents[2] / "judges" / "timedoctor_client.py"
AT = datetime(2026, 6, 24, 15, 30, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="Fluid Attacks' TimeDoctor SDK is not installed")


@pytest.fixture(scope="module")
def world() -> World:
    return World(at=AT)


@pytest.fixture
def timedoctor(world: World) -> Iterator[TimeDoctor]:
    with serving(world) as server:
        server.credentials.totp_secret = None  # their client knows no codes
        server.most_rows = 12
        yield server
    assert not server.failures


def judged(
    timedoctor: TimeDoctor, since: datetime, until: datetime, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    """Let their client read everything between two moments."""
    given = {"url": timedoctor.address, "email": timedoctor.credentials.email, "password": password}
    given |= {"from": since.isoformat(), "to": until.isoformat()}
    return subprocess.run(
        [PYTHON, CLIENT], input=json.dumps(given), capture_output=True, text=True, timeout=240, check=False
    )


def test_their_client_reads_what_the_company_did(timedoctor: TimeDoctor) -> None:
    """Over several pages and two of their windows of five days; what it drops by design is left out."""
    since, until = datetime(2026, 6, 16, tzinfo=UTC), datetime(2026, 6, 22, tzinfo=UTC)
    answer = judged(timedoctor, since, until)
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout.splitlines()[-1])
    company = timedoctor.world.company
    present = [one for one in members(company) if one.archived_at is None]
    assert said["company"] == [timedoctor.company_id, company.name]
    assert said["users"] == {one.id: one.email for one in present}
    caller = Caller(timedoctor)
    assert said["projects"] == [one["id"] for one in caller.all("/projects")]
    rows = [row for rows in caller.worklogs([one.id for one in present], since, until) for row in rows]
    kept = [row for row in rows if "taskId" in row or row["mode"] == "paidleave"]
    assert len(kept) < len(rows)
    assert Counter(map(seen_by_them, said["worklogs"])) == Counter(map(seen_by_us, kept))
    window = {"from": since.isoformat(), "to": until.isoformat()}
    shots = caller.all("/files/screenshot", user=",".join(one.id for one in present), **window)
    assert len(said["screenshots"]) == sum(len(one["numbers"]) for one in shots) > 100
    assert len({tuple(one) for one in said["screenshots"]}) == len(said["screenshots"])
    assert "/api/1.0/logout" in [one.path for one in timedoctor.requests]


@pytest.mark.parametrize("field", ["start", "userId"])
def test_a_wrong_answer_would_be_found(timedoctor: TimeDoctor, field: str) -> None:
    """The judge does judge."""

    def spoil(answer: Answer) -> Answer:
        rows = [
            [{k: v for k, v in row.items() if k != field} for row in rows] for rows in answer.body["data"]
        ]
        return Answer(answer.status, {"data": rows}, answer.headers)

    timedoctor.switches.alter("/activity/worklog", spoil, times=99)
    answer = judged(timedoctor, AT - timedelta(days=6), AT - timedelta(days=5))
    assert answer.returncode != 0
    assert field in answer.stderr


def test_their_client_is_refused_with_another_password(timedoctor: TimeDoctor) -> None:
    answer = judged(timedoctor, AT - timedelta(days=6), AT - timedelta(days=5), password="another")
    assert answer.returncode != 0
    assert "401" in answer.stderr


def seen_by_them(one: dict[str, Any]) -> tuple[Any, ...]:
    named = one["worklog_id"]
    task, project, device = (
        named["task_id"]["task"],
        named["project_id"]["project_id"],
        named["device"]["device"],
    )
    names = named["task_name"]["name"], named["project"]["name"]
    return (
        named["user"]["user_id"],
        one["start"],
        int(one["time"]),
        one["mode"],
        task,
        project,
        device,
        *names,
    )


def seen_by_us(row: dict[str, Any]) -> tuple[Any, ...]:
    start = datetime.fromisoformat(row["start"]).isoformat()
    named = [row.get(name, "") for name in ("taskId", "projectId", "deviceId", "taskName", "projectName")]
    return row["userId"], start, row["time"], row["mode"], *named
