"""What is read of TimeDoctor: lists of the whole company, and days. No stream knows what was read before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from observes_assets.sources.timedoctor import failures, records
from observes_assets.sources.timedoctor.by_user import UserSets, rows_by_user
from observes_assets.sources.timedoctor.client import Client
from observes_assets.sources.timedoctor.days import window
from observes_assets.sources.timedoctor.records import Record

_PAGE = 200


@dataclass(frozen=True)
class Question:
    """One day of a company: who is asked for."""

    company: str
    day: date
    users: Sequence[str]


@dataclass(frozen=True)
class DayStream:
    """A stream whose scopes are days.

    ``at`` is the field that says when a record was. ``is_dear`` says that it takes a request a user, so it is
    only asked of who worked, and not every day. ``most_memory_days`` is what TimeDoctor itself says that it
    keeps, where that is less than the rest.
    """

    name: str
    read: Callable[[Client, UserSets, Question], Iterator[Record]]
    at: str
    is_dear: bool = False
    most_memory_days: int | None = None


def companies(client: Client) -> Iterator[Record]:
    """The companies that the login belongs to."""
    document = client.get("the companies", "authorization")
    found = document["data"].get("companies") if isinstance(document["data"], dict) else None
    if not isinstance(found, list):
        raise failures.strange("the companies", "it lists none")
    yield from (one for one in found if isinstance(one, dict))


def users(client: Client, company: str) -> Iterator[Record]:
    """Everybody who ever worked there: without the archived ones, the hours of who left would be nobody's."""
    return _listed(client, company, "users", {"detail": "true", "include-archived-users": "true"})


def projects(client: Client, company: str) -> Iterator[Record]:
    """The company's projects."""
    return _listed(client, company, "projects")


def tasks(client: Client, company: str) -> Iterator[Record]:
    """The company's tasks."""
    return _listed(client, company, "tasks")


def _listed(client: Client, company: str, name: str, more: dict[str, Any] | None = None) -> Iterator[Record]:
    what = f"the {name}"
    for page in client.pages(what, name, company=company, limit=_PAGE, **(more or {})):
        for row in page:
            if not isinstance(row, dict):
                raise failures.strange(what, "a row is no object")
            yield {**row, "company_id": company}


def worklogs(client: Client, sets: UserSets, question: Question) -> Iterator[Record]:
    """Sessions of a day, with and without a task, however many devices ran at once."""
    day = question.day.isoformat()
    found = rows_by_user(
        client,
        sets,
        f"worklogs of {day}",
        "activity/worklog",
        question.users,
        company=question.company,
        detail="true",
        **{"task-project-names": "true"},
        **window(question.day),
    )
    return (records.worklog(question.company, day, user, row) for user, row in found)


def app_uses(client: Client, sets: UserSets, question: Question) -> Iterator[Record]:
    """Programs and sites of a day. The rows don't say whose they are, so each user is asked for alone."""
    day = question.day.isoformat()
    for user in question.users:
        found = rows_by_user(
            client,
            sets,
            f"use of programs on {day}",
            "activity/timeuse",
            [user],
            company=question.company,
            **window(question.day),
        )
        yield from records.app_uses(question.company, day, user, (row for _, row in found))


def screenshots(client: Client, sets: UserSets, question: Question) -> Iterator[Record]:
    """What is known of the screenshots of a day; neither pictures nor where they are."""
    day = question.day.isoformat()
    what = f"screenshots of {day}"

    def ask(part: list[str], can_be_cut: bool) -> list[Any]:
        pages = client.pages(
            what,
            "files/screenshot",
            can_be_cut=can_be_cut,
            company=question.company,
            user=",".join(part),
            limit=_PAGE,
            **window(question.day),
        )
        return [row for page in pages for row in page]

    for part, rows in sets.asked("files/screenshot", question.users, ask):
        for row in rows:
            if not isinstance(row, dict) or row.get("userId") not in part:
                raise failures.strange(what, "a row is of nobody who was asked for")
            yield from records.screenshots(question.company, day, row)


LISTS: dict[str, Callable[[Client, str], Iterator[Record]]] = {
    "users": users,
    "projects": projects,
    "tasks": tasks,
}
DAYS = (
    DayStream("worklogs", worklogs, "started_at"),
    DayStream("screenshots", screenshots, "taken_at", is_dear=True),
    DayStream("app_uses", app_uses, "start", is_dear=True, most_memory_days=60),
)
