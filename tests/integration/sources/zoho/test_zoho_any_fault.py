"""Weeks of readings while Zoho, the network and our own process fail as they like; then it is calm again.

Whatever the order was, what is standing at the end is what Zoho has, cell by cell, and nobody paid for more
than was asked.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from observes_assets.errors import SourceError
from observes_assets.sandbox.company import Company, crm
from observes_assets.sandbox.messages import Answer
from observes_assets.sandbox.switches import bad_gateway, cut
from observes_assets.sandbox.zoho import Zoho
from observes_assets.sandbox.zoho.credentials import access_denied
from observes_assets.sandbox.zoho.limits import exhausted, too_many
from observes_assets.sandbox.zoho.messages import no_such_module, refusal
from observes_assets.sources.zoho.client import Client
from tests.integration.sandbox.zoho_caller import Caller
from tests.integration.sources.zoho.conftest import Desk, MakeClient

MODULES = ("Leads", "Accounts", "Deals")
STEPS = 24
BULK, RESULT, DELETED = "POST /crm/bulk", "/result$", "/deleted$"
Fault = Callable[[Zoho, random.Random], object]


class KilledError(BaseException):
    """Our process ends here, as far as it knows."""


def lost(_answer: Answer) -> Answer:
    """Zoho has done it, and its answer does not come through."""
    return bad_gateway()


def someone_works(company: Company) -> None:
    """While pages are made: one record is deleted, another one is changed."""
    boss = company.people["kira-novak"]
    found = list(company.crm.entries["Deals"].values())
    if len(found) > 3:
        crm.delete(company, found[0], boss)
        crm.change(company, found[-1], boss, Next_Step=company.now.isoformat())


def pages(vendor: Zoho, draw: random.Random) -> None:
    """Exports of a few rows each, and life between them."""
    vendor.jobs.per_page = draw.randint(2, 5)
    vendor.switches.change_after(RESULT, someone_works, skip=draw.randint(0, 3))


def ends(state: str) -> Fault:
    return lambda vendor, draw: vendor.jobs.fates.update({draw.choice(MODULES): state})


def instead(pattern: str, act: Any, times: int = 1) -> Fault:
    return lambda vendor, draw: vendor.switches.answer_instead(
        pattern, act, times=times, skip=draw.randint(0, 2)
    )


def altered(pattern: str, act: Any) -> Fault:
    return lambda vendor, draw: vendor.switches.alter(pattern, act, skip=draw.randint(0, 2))


FAULTS: dict[str, Fault] = {
    "queued for ever": ends("QUEUED"),
    "failure": ends("FAILURE"),
    "unknown state": ends("RESTING"),
    "pages": pages,
    "zip cut off": altered(RESULT, cut),
    "download refused": instead(RESULT, too_many),
    "download fails": instead(RESULT, bad_gateway, times=9),
    "asking fails": instead(BULK, lambda: refusal(500, "INTERNAL_ERROR", "Internal server error occurred.")),
    "answer lost": altered(BULK, lost),
    "no credits": instead(BULK, exhausted, times=9),
    "no such module": instead(BULK, lambda: no_such_module("Deals")),
    "no permission": instead(BULK, lambda: refusal(403, "NO_PERMISSION", "permission denied")),
    "looking fails": instead(r"GET /crm/bulk/v8/read/\d+$", bad_gateway, times=9),
    "forgotten": instead(
        r"GET /crm/bulk/v8/read/\d+$", lambda: refusal(404, "RESOURCE_NOT_FOUND", "not there")
    ),
    "deletions fail": instead(DELETED, bad_gateway, times=9),
    "deletions cut off": altered(DELETED, lambda answer: Answer(answer.status, answer.content()[:9])),
    "token killed": lambda vendor, _draw: vendor.credentials.end_access(),
    "token denied": lambda vendor, _draw: (
        vendor.credentials.end_access(),
        vendor.switches.answer_instead("/token$", access_denied),
    ),
}


def killed_at(client: Client, number: int, *, has_sent: bool) -> None:
    """Let our process end at the n-th request: before it is sent, or before its answer is read."""
    ask, count = client._session.request, 0

    def request(*arguments: Any, **more: Any) -> requests.Response:
        nonlocal count
        count += 1
        answer = ask(*arguments, **more) if has_sent or count < number else None
        if count >= number or answer is None:
            raise KilledError
        return answer

    client._session.request = request  # type: ignore[method-assign]


def one_run(desk: Desk, client: Client, *, late: timedelta | None) -> None:
    """A run, or what is left of it; its halves may be a day apart."""
    try:
        desk.ask(client)
        if late:
            desk.vendor.world.set_clock(desk.now + late)
        desk.take(client)
    except (SourceError, KilledError):
        pass  # the next run goes on


def calm(vendor: Zoho) -> None:
    vendor.switches.clear()
    vendor.jobs.fates.clear()
    vendor.jobs.per_page = 200_000


@pytest.fixture
def client_of(vendor: Zoho, make_client: MakeClient, tmp_path: Path) -> Callable[[], Client]:
    """A client ten minutes after the last one: whatever was denied then may be had again."""
    vendor.limits.downloads = vendor.credentials.most_tokens = 100_000

    def make() -> Client:
        kept = tmp_path / "zoho" / "access.json"
        if kept.exists() and b'"access_token":""' in kept.read_bytes():
            kept.unlink()
        return make_client(modules=MODULES, downloads=100_000)

    return make


def test_whatever_fails_what_stands_at_the_end_is_what_zoho_has(
    desk: Desk,
    vendor: Zoho,
    client_of: Callable[[], Client],
    seed: int,
    record_property: Callable[[str, object], None],
) -> None:
    draw, times = random.Random(seed), Counter[str]()
    for _ in range(STEPS):
        for name in draw.sample(sorted(FAULTS), draw.choice((1, 1, 2, 3))):
            FAULTS[name](vendor, draw)
            times[name] += 1
        client = client_of()
        if draw.random() < 0.3:
            killed_at(client, draw.randint(1, 14), has_sent=draw.random() < 0.5)
            times["killed"] += 1
        late = timedelta(hours=draw.choice((1, 7, 26))) if draw.random() < 0.2 else None
        one_run(desk, client, late=late)
        calm(vendor)
        vendor.world.set_clock(desk.now + timedelta(hours=draw.randint(1, 30)))
    for _ in range(2):  # what is under way from before ends; then everything is due once more
        one_run(desk, client_of(), late=None)
        vendor.world.set_clock(desk.now + timedelta(days=8))
    before = len(desk.asked())
    done = desk.read(client_of())[1]
    assert (done.failed, done.waiting, done.stopped) == ({}, [], None)
    assert len(desk.asked()) - before == len(MODULES), "one export a module, however it went before"
    caller = Caller(vendor)
    for module in MODULES:
        expected = {
            row["id"]: {name: value for name, value in row.items() if value} for row in caller.read(module)
        }
        assert desk.standing(module.lower()) == expected
    told = {
        one["id"]
        for module in MODULES
        for one in (caller.get(f"/crm/v8/{module}/deleted").json() or {"data": []})["data"]
    }
    assert {one["id"] for one in desk.standing("deletions").values()} == told
    record_property("faults survived", {"seed": seed, "times": dict(times)})
