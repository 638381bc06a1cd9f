"""Switches: what goes wrong, where, how often; and what changes in the world between two requests."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from observes_assets.sandbox.company import Company
from observes_assets.sandbox.messages import Answer, Request

Instead = Callable[[], Answer]
Alter = Callable[[Answer], Answer]
Change = Callable[[Company], object]
_HTML = (
    b"<!DOCTYPE html><html><body><h1>We had issues producing the response to your request.</h1></body></html>"
)


@dataclass
class _Switch:
    pattern: str
    act: Any
    times: int
    skip: int


@dataclass
class Switches:
    """Faults and hooks. A pattern is searched in the request's name: ``GET /repos/…``, say.

    Each acts on the first ``times`` matching requests after the first ``skip`` of them.
    """

    _instead: list[_Switch] = field(default_factory=list)
    _alter: list[_Switch] = field(default_factory=list)
    _after: list[_Switch] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def answer_instead(self, pattern: str, act: Instead, *, times: int = 1, skip: int = 0) -> None:
        """Answer this, and do nothing else."""
        self._instead.append(_Switch(pattern, act, times, skip))

    def alter(self, pattern: str, act: Alter, *, times: int = 1, skip: int = 0) -> None:
        """Change the right answer on its way out."""
        self._alter.append(_Switch(pattern, act, times, skip))

    def change_after(self, pattern: str, change: Change, *, times: int = 1, skip: int = 0) -> None:
        """Let something happen in the world right after an answer was made: between two pages, say."""
        self._after.append(_Switch(pattern, change, times, skip))

    def clear(self) -> None:
        """Everything works again."""
        for each in (self._instead, self._alter, self._after):
            each.clear()

    def instead_of(self, request: Request) -> Answer | None:
        """What to answer instead of the truth, if anything."""
        for act in self._due(self._instead, request)[:1]:
            made: Answer = act()
            return made
        return None

    def altered(self, request: Request, answer: Answer) -> Answer:
        """The answer as it goes out."""
        for act in self._due(self._alter, request):
            answer = act(answer)
        return answer

    def changes_after(self, request: Request) -> list[Change]:
        """What happens in the world now."""
        return self._due(self._after, request)

    def _due(self, switches: list[_Switch], request: Request) -> list[Any]:
        due = []
        with self._lock:
            for one in switches:
                if one.times > 0 and re.search(one.pattern, request.name):
                    if one.skip > 0:
                        one.skip -= 1
                    else:
                        one.times -= 1
                        due.append(one.act)
        return due


def bad_gateway(status: int = 502) -> Answer:
    """A front server's page instead of JSON."""
    return Answer(status, _HTML, {"Content-Type": "text/html"})


def cut(answer: Answer) -> Answer:
    """The connection breaks in the middle of the body."""
    return Answer(answer.status, answer.body, answer.headers, cut_after=len(answer.content()) // 2)
