"""The queries of docs/delivery.md: what was known at a past moment, asked again. Checked by hand."""

import re
from pathlib import Path

import pytest

from tests.integration.dbt import oddity_story
from tests.integration.dbt.conftest import Rows

PAGE = (Path(__file__).parents[3] / "docs" / "delivery.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?);\n```", PAGE, re.DOTALL)
MOMENT = "2026-03-01 09:00+00"


def asked_at(moment: str, mart: str) -> str:
    """The page's query of a mart as known at a moment, as a table."""
    (query,) = (one for one in QUERIES if MOMENT in one and f"from warehouse.{mart}" in one)
    return f"({query.replace(MOMENT, moment).replace('warehouse.', 'candidate.')}) as asked"


def test_every_query_runs(delivery_marts: Rows) -> None:
    assert len(QUERIES) == 5
    for query in QUERIES:
        delivery_marts(query.replace("warehouse.", "candidate."))


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2024-01-01 12:00+00", []),
        ("2024-01-03 04:30+00", [("100", 6, 0)]),
        ("2024-01-04 04:30+00", [("100", 6, 1)]),  # 1 is closed
        ("2024-01-06 03:30+00", [("100", 6, 1)]),  # 2 and 4 are closed, and nobody has looked yet
        ("2024-01-06 04:30+00", [("100", 5, 2)]),  # 4 as not planned
        ("2024-01-07 04:30+00", [("102", 5, 2)]),  # the epic goes to another deliverable
    ],
)
def test_a_deliverable_as_it_was_known(
    delivery_marts: Rows, moment: str, found: list[tuple[str, int, int]]
) -> None:
    query = f"select * from {asked_at(moment, 'issue_memberships')}"
    assert delivery_marts(f"{query} where github_deliverable_id in ('100', '102') order by 1") == found


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2024-01-03 04:30+00", 2),
        ("2024-01-04 04:30+00", 3),  # it has another number, and is not known to be gone under its first one
        ("2024-01-06 04:30+00", 2),
    ],
)
def test_a_transferred_issue_as_it_was_known(delivery_marts: Rows, moment: str, found: int) -> None:
    query = f"select issues from {asked_at(moment, 'issue_memberships')}"
    assert delivery_marts(f"{query} where github_deliverable_id = '{oddity_story.GOAL}'") == [(found,)]


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        ("2024-01-03 04:30+00", (5, 6.5)),
        ("2024-01-04 04:30+00", (6, 11.5)),
        ("2024-01-06 04:30+00", (5, 14.5)),
    ],
)
def test_a_sprint_as_it_was_known(delivery_marts: Rows, moment: str, found: tuple[int, float]) -> None:
    """3 joined on the 3rd; on the 5th it was re-estimated, and 6 was taken out."""
    query = f"select issues, points::float from {asked_at(moment, 'card_versions')}"
    where = "where board_number = 2 and starts_on = '2024-01-01'"
    assert delivery_marts(f"{query} {where}") == [found]
