"""What a delivery file may say, and the words with which a mistake is refused."""

from pathlib import Path
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.errors import SettingsError
from observes_assets.settings import Settings
from observes_assets.sources.delivery.client import read_delivery
from observes_assets.sources.delivery.model import Board, Done, Fields, Types
from observes_assets.sources.delivery.reading import read
from observes_assets.sources.delivery.streams import delivery_stream

SOUND = """\
time_zone: America/New_York
done: {closed_as: [completed, duplicate], statuses: [Done]}
started: [In Progress]
types: {deliverable: [Deliverable], epic: [Epic]}
incidents: {labels: [incident]}
boards:
  - {owner: octo, number: 13, role: sprint, fields: {sprint: Sprint, points: Points}}
  - {owner: octo, number: 12, role: roadmap, fields: {status: Status, quad: Quad}}
"""


def record_of(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "delivery.yaml"
    path.write_text(text)
    (record,) = delivery_stream(path)
    return record


def refusal(folder: Path, before: str, after: str) -> str:
    assert before in SOUND
    with pytest.raises(SettingsError) as caught:
        record_of(folder, SOUND.replace(before, after, 1))
    return str(caught.value).replace(f"{folder}/", "")


def test_reads_everything(tmp_path: Path) -> None:
    path = tmp_path / "delivery.yaml"
    path.write_text(SOUND)
    found = read_delivery(path)
    assert found.time_zone == "America/New_York"
    assert found.done == Done(("completed", "duplicate"), ("Done",))
    assert found.types == Types()
    assert found.boards == (
        Board("octo", 13, "sprint", Fields(sprint="Sprint", points="Points")),
        Board("octo", 12, "roadmap", Fields(status="Status", quad="Quad")),
    )


def test_order_is_no_change(tmp_path: Path) -> None:
    first, second = SOUND.splitlines()[-2:]
    turned = SOUND.replace(first, "-").replace(second, first).replace("\n-\n", f"\n{second}\n")
    turned = turned.replace("[completed, duplicate]", "[duplicate, completed]")
    assert turned != SOUND
    assert record_of(tmp_path, turned) == record_of(tmp_path, SOUND)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("started:", "begun:", 'delivery.yaml line 3: unknown key "begun" in the delivery file'),
        ("time_zone: America/New_York\n", "", 'the delivery file lacks the key "time_zone"'),
        ("New_York", "Newyork", "line 1: time_zone is not a known time zone; did you mean"),
        ("duplicate]", "wontfix]", 'line 2: item 2 of "closed_as" of done must be completed or'),
        (
            "{closed_as: [completed, duplicate], statuses: [Done]}",
            "{closed_as: []}",
            "nothing would ever be done",
        ),
        (
            "[In Progress]",
            "[Doing, doing]",
            'line 3: item 2 of started is "doing" a second time. Remove one.',
        ),
        (
            "epic: [Epic]",
            "epic: [deliverable]",
            'line 4: types has "deliverable" both as deliverable and as epic',
        ),
        ("number: 12", "number: 13", "line 8: board 13 of octo appears twice (first on line 7). Remove one."),
        ("number: 12", "number: 0", 'line 8: "number" of board 0 must be a whole number from 1'),
        ("role: sprint", "role: sprints", 'did you mean "sprint"?'),
        ("sprint: Sprint, ", "", 'line 7: fields of board 13 (sprint) lacks the key "sprint"'),
        ("quad: Quad", "points: Points", 'unknown key "points" in fields of board 12 (roadmap)'),
        (
            "owner: octo, number: 13",
            "owner: github.com/octo, number: 13",
            "must be the login of an organization",
        ),
        ("points: Points", "points: 5", "must be text, but YAML reads it as a number. Quote it."),
    ],
)
def test_refuses(tmp_path: Path, before: str, after: str, expected: str) -> None:
    assert expected in refusal(tmp_path, before, after)


def test_the_second_of_two_boards_is_refused_whatever_the_case(tmp_path: Path) -> None:
    assert "appears twice" in refusal(tmp_path, "owner: octo, number: 12", "owner: Octo, number: 13")


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_records_keep_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_sandbox: bool) -> None:
    """The sandbox's own boards; and with a real GitHub and no file, none."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(github_organizations="" if is_sandbox else "octo")
    (record,) = read(settings)
    assert bool(record["boards"]) == is_sandbox
    stream = contracts.load("delivery").streams["delivery"]
    assert stream.check(record) is None
