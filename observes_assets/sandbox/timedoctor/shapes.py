"""TimeDoctor's JSON of people, projects, tasks, sessions and what was on their screens."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.timedoctor.days import Session
from observes_assets.sandbox.timedoctor.people import Member, vendor_id
from observes_assets.sandbox.timedoctor.tasks import PROJECTS, Task, project_id
from observes_assets.sandbox.timedoctor.windows import Window

_USE_EVERY = timedelta(minutes=20)
_FILE_EVERY = timedelta(minutes=30)
_Moment = tuple[datetime, Session, random.Random]
# What people look at; titles say more about them than anybody needs to know. Score 0: nobody has rated it.
_LOOKED_AT = (
    ("app", "Editor", "Development", 4, "main.py"),
    ("app", "Terminal", "Development", 4, "make test"),
    ("site", "github.example", "Development", 4, "Pull request"),
    ("site", "mail.example", "Communication", 3, "Inbox of {name}"),
    ("app", "Calls", "Communication", 3, "Call with {name}"),
    ("site", "news.example", "News", 2, "Today"),
    ("site", "bank.example", "Private", 1, "Account of {name}"),
    ("site", "docs.example", None, 0, "Untitled"),
)


def stamp(moment: datetime) -> str:
    """A moment as TimeDoctor writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def company_shape(company: Company) -> dict[str, Any]:
    """A company of the caller's."""
    assert company.founded_at
    return {
        "id": company_id(company),
        "name": company.name,
        "role": "owner",
        "hiredAt": stamp(company.founded_at),
        "timezone": "UTC",
    }


def company_id(company: Company) -> str:
    """TimeDoctor's id of the company."""
    return vendor_id("company", company.name)


def user_shape(one: Member) -> dict[str, Any]:
    """A user, archived or not."""
    return {
        "id": one.id,
        "name": one.name,
        "email": one.email,
        "role": one.role,
        "exists": True,
        "active": one.archived_at is None,
        "archived": one.archived_at is not None,
        "archivedAt": one.archived_at and stamp(one.archived_at),
        "hiredAt": stamp(one.joined_at),
        "createdAt": stamp(one.joined_at),
    }


def project_shape(project: str, company: Company, creator: Member) -> dict[str, Any]:
    """A project."""
    assert company.founded_at
    return {
        "id": project_id(project),
        "name": project,
        "creatorId": creator.id,
        "weight": PROJECTS.index(project),
        "scope": "company",
        "deleted": False,
        "createdAt": stamp(company.founded_at),
    }


def task_shape(one: Task, now: datetime, reporter: Member) -> dict[str, Any]:
    """A task."""
    return {
        "id": one.id,
        "name": one.name,
        "status": "open" if one.is_open(now) else "closed",
        "project": {"id": project_id(one.project), "name": one.project},
        "reporterId": reporter.id,
        "deleted": False,
    }


def worklog_shape(one: Session, *, with_detail: bool, with_names: bool) -> dict[str, Any]:
    """A session. What it lacks (a task, a device) is not there at all; it has no id."""
    row = {"start": stamp(one.start), "time": one.seconds, "mode": one.mode, "userId": one.user}
    if one.task:
        row |= {"taskId": one.task.id, "projectId": project_id(one.task.project)}
        if with_names:
            row |= {"taskName": one.task.name, "projectName": one.task.project}
    if one.device and with_detail:
        row["deviceId"] = one.device
    return row


def timeuse_shapes(member: Member | None, sessions: list[Session], window: Window) -> list[dict[str, Any]]:
    """What was in front of a person. No row says whose it is: the list's place in the answer does."""
    rows = []
    for start, one, draw in _moments(sessions, _USE_EVERY):
        if not window.start <= start < window.end:
            continue
        kind, value, category, score, title = draw.choice(_LOOKED_AT)
        row = {
            "start": stamp(start),
            "time": draw.randint(60, 1200),
            "score": score,
            "type": kind,
            "value": value,
            "title": title.format(name=member.name if member else ""),
            "deviceId": one.device,
        }
        rows.append(row | ({"category": category} if category else {}))
    return rows


def file_shapes(sessions: list[Session], window: Window, address: str) -> Iterator[dict[str, Any]]:
    """Screenshots, an entry an hour and device; the numbers begin again each day."""
    shots = sorted(_moments(sessions, _FILE_EVERY), key=lambda each: (str(each[1].device), each[0]))
    for (device, _), day in groupby(shots, key=lambda each: (each[1].device, each[0].date())):
        numbered = enumerate(day)
        for hour, several in groupby(numbered, key=lambda each: each[1][0].replace(minute=0, second=0)):
            numbers = [_number(number, shot, address, window.asked_at) for number, shot in several]
            if window.start <= hour < window.end:
                who = sessions[0].user
                yield {"userId": who, "date": stamp(hour), "deviceId": device, "numbers": numbers}


def _number(number: int, moment: _Moment, address: str, now: datetime) -> dict[str, Any]:
    shot, one, draw = moment
    keys, movements = draw.randint(0, 900), draw.randint(0, 1500)
    meta = {
        "blur": False,
        "clicks": draw.randint(0, 80),
        "movements": movements,
        "keys": keys,
        "period": 180,
        "created_at": stamp(shot),
    }
    if one.task:
        meta |= {"project": project_id(one.task.project), "task_id": one.task.id}
    return {
        "number": str(number),
        "mime": "image/jpeg",
        "deleted": draw.random() < 0.02,
        "avgActivity": min(100, (keys + movements) // 12),
        "entity": "screenshot",
        # Whoever has it sees the picture, for some hours; it is another one at another time.
        "url": f"{address}/files/{vendor_id('file', shot)}?signature={vendor_id('signature', (now, shot))}",
        "meta": meta,
    }


def _moments(sessions: list[Session], every: timedelta) -> Iterator[_Moment]:
    """Regular moments of sessions at a computer, each with a draw of its own: a running one only adds."""
    for one in sessions:
        for number in range(timedelta(seconds=one.seconds) // every if one.mode == "computer" else 0):
            start = one.start + number * every
            yield start, one, random.Random(f"{one.user} {one.device} {start} {every}")  # noqa: S311
