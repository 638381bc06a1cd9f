"""The sandbox's GitHub in a process of its own, with a way to look in and to change things."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import orjson

from observes_assets.sandbox import World
from observes_assets.sandbox.company import Company, boards, issues
from observes_assets.sandbox.github import GitHub
from observes_assets.sandbox.messages import Answer, Request
from observes_assets.sandbox.serving import serving


@dataclass(frozen=True)
class Asked:
    """One request: the listing that it is a page of, and when its answer was sent (epoch seconds)."""

    listing: str
    ended_at: float


class _Noting(GitHub):
    """Notes when it answered what."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.noted: list[Asked] = []
        self._made: dict[tuple[Any, ...], Answer] = {}

    def true_answer(self, request: Request) -> Answer:
        """The same bytes for the same question: how fast the sandbox makes them is nobody's figure."""
        tag = request.headers.get("if-none-match")
        key = (self.world.version, request.path, str(request.query), request.body, tag)
        if key not in self._made:
            made = super().true_answer(request)
            made.content()
            self._made[key] = made
        found = self._made[key]
        return Answer(found.status, found.content(), dict(found.headers))

    def answer(self, request: Request) -> Answer:
        made = super().answer(request)
        self.noted.append(Asked(_listing(request), time.time()))
        return made


def _listing(request: Request) -> str:
    """What all pages of a listing have in common; links name repositories by number, whatever was asked."""
    if not request.body:
        return request.path
    asked = orjson.loads(request.body)
    same = {name: value for name, value in asked["variables"].items() if name not in {"after", "first"}}
    return f"{asked['query'].partition('(')[0].strip()} {same}"


@dataclass(frozen=True)
class Served:
    """The server as seen from another process."""

    rest_url: str
    graphql_url: str
    token: str
    pipe: Connection

    def answered_count(self) -> int:
        """How many requests were answered so far."""
        return len(self.asked())

    def asked(self, *, after: int = 0) -> list[Asked]:
        """What was asked, but for the first ones, in the order of the answers."""
        self.pipe.send(("asked", after))
        found: list[Asked] = self.pipe.recv()
        return found

    def touch(self, share: float) -> None:
        """Let an hour pass, and change so many of the issues, pull requests and cards."""
        self.pipe.send(("touch", share))
        self.pipe.recv()


@contextmanager
def served(size: int, latency_seconds: float) -> Iterator[Served]:
    """Serve a company with so much work until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, size, latency_seconds), daemon=True)
    process.start()
    try:
        rest_url, graphql_url, token = ours.recv()
        yield Served(rest_url, graphql_url, token, ours)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Connection, size: int, latency_seconds: float) -> None:
    world = World(size=size)
    with serving(lambda address: _Noting(world, address, latency_seconds=latency_seconds)) as github:
        pipe.send((github.rest_url, github.graphql_url, github.token))
        while True:
            what, number = pipe.recv()
            if what == "asked":
                pipe.send(github.noted[number:])
            else:
                world.set_clock(world.now + timedelta(hours=1))
                world.change(partial(_touch, share=number))
                pipe.send(None)


def _touch(company: Company, *, share: float) -> None:
    step = round(1 / share)
    for one in [each for each in company.issues() if not each.repository.is_hidden][::step]:
        issues.comment(company, one, company.people["kira-novak"], "One more thing.")
    for board in company.boards.values():
        for card in board.items[::step]:
            boards.set_value(company, board, card, "Status", None)
