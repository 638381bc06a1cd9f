"""Projects and tasks. A project bears the name of a repository or of a customer's group."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from observes_assets.sandbox.story import FOUNDED_AT
from observes_assets.sandbox.timedoctor.people import vendor_id

PROJECTS = ("harbor", "ledger", "foundation", "atlas", "storefront", "logistics", "office")
_EVERY = timedelta(days=6)  # a new task of each project
_RECENT = 4  # as many of a project are worked on at a time
_DOING = ("Build", "Mend", "Review", "Plan", "Test", "Explain", "Measure", "Tidy")
_THINGS = ("accounts", "alerts", "exports", "invoices", "payments", "reports", "search", "uploads")


@dataclass(frozen=True)
class Task:
    """A task of a project, in the order of its making."""

    project: str
    number: int

    @property
    def id(self) -> str:
        """TimeDoctor's id."""
        return vendor_id("task", f"{self.project} {self.number}")

    @property
    def name(self) -> str:
        """What people read. Two may have the same."""
        # A stroke of luck that every process has: the text decides, not a draw.
        drawn = random.Random(f"{self.project} {self.number}")  # noqa: S311
        return f"{drawn.choice(_DOING)} {drawn.choice(_THINGS)}"

    def is_open(self, now: datetime) -> bool:
        """Whether it is still worked on."""
        return self.number > _made_until(now) - _RECENT


def project_id(project: str) -> str:
    """TimeDoctor's id of a project."""
    return vendor_id("project", project)


def worked_on(project: str, at: datetime) -> list[Task]:
    """Tasks of a project that people work on at a moment; at least one."""
    last = _made_until(at)
    return [Task(project, number) for number in range(max(0, last - _RECENT + 1), last + 1)]


def every_task(at: datetime) -> list[Task]:
    """All tasks that were ever made."""
    return [Task(project, number) for project in PROJECTS for number in range(_made_until(at) + 1)]


def _made_until(at: datetime) -> int:
    return max(0, (at - FOUNDED_AT) // _EVERY)  # the first day begins before the founding
