"""One person's day as TimeDoctor comes to know it: what was tracked, what came late, what was edited.

A day is a function of seed, person and date; the clock only decides how much of it is seen. Nothing is
kept but sessions that begin and end to be seen, so an edit is one that ends and another that begins.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from observes_assets.sandbox.timedoctor.people import Member, vendor_id
from observes_assets.sandbox.timedoctor.tasks import Task, worked_on

UPLOAD_EVERY = timedelta(minutes=3)  # a running session grows in these steps
_CHANCE_TO_BE = {"on leave": 0.04, "late": 0.08, "edited": 0.07, "emptied": 0.008, "typed in": 0.12}


@dataclass(frozen=True)
class Session:
    """Time at a task, or at none. ``device`` is None for what nobody tracked. Seen from … until; UTC."""

    user: str
    start: datetime
    seconds: int
    mode: str
    task: Task | None
    device: str | None
    seen_from: datetime
    seen_until: datetime | None = None

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.start + timedelta(seconds=self.seconds)

    def seen_at(self, now: datetime) -> "Session | None":
        """What TimeDoctor knows of it at a moment: all, none, or the part that has passed."""
        if self.seen_until and now >= self.seen_until:
            return None
        if now >= self.seen_from:
            return self
        if self.seen_from > self.end or now < self.start + UPLOAD_EVERY:
            return None
        return replace(self, seconds=int((now - self.start) // UPLOAD_EVERY * UPLOAD_EVERY.total_seconds()))


def sessions_of(seed: int, member: Member, day: date) -> list[Session]:
    """Everything that is ever seen of a person's working day (by their own clock), in order of beginning."""
    draw = random.Random(f"{seed} {member.id} {day}")  # noqa: S311
    if not member.works_on(day) or (day.weekday() > 4 and draw.random() > 0.05):
        return []
    happens = {name: draw.random() < chance for name, chance in _CHANCE_TO_BE.items()}
    midnight = datetime.combine(day, time(), UTC) - timedelta(hours=member.utc_offset_hours)
    if happens["on leave"]:
        nine = midnight + timedelta(hours=9)
        return [Session(member.id, nine, 8 * 3600, "paidleave", None, None, nine)]
    found = list(_tracked(draw, member, midnight))
    if happens["late"]:
        arrives_at = midnight + timedelta(days=draw.randint(2, 9), hours=draw.randint(9, 17))
        found = [replace(one, seen_from=arrives_at) for one in found]
    if happens["typed in"]:
        found.append(_typed_in(draw, member, midnight))
    edited_at = midnight + timedelta(days=draw.randint(10, 25), hours=draw.randint(9, 17))
    if happens["emptied"]:
        found = [replace(one, seen_until=edited_at) for one in found]
    elif happens["edited"]:
        found = list(_edited(draw, found, edited_at))
    if member.archived_at:
        found = [one for one in found if one.start < member.archived_at]
    return sorted(found, key=lambda one: (one.start, one.device or ""))


def _tracked(draw: random.Random, member: Member, midnight: datetime) -> Iterator[Session]:
    """Four to six sessions from about nine on, a break without a task, and maybe a second machine."""
    at = midnight + timedelta(hours=9, seconds=draw.randint(-3600, 3600))
    device = vendor_id("device", f"{member.id} 0")
    pause = draw.randint(1, 3)
    for number in range(draw.randint(4, 6)):
        seconds = draw.randint(20 * 60, 150 * 60)
        task = draw.choice(worked_on(draw.choice(member.projects), midnight)) if draw.random() < 0.9 else None
        mode = draw.choices(("computer", "offcomputer", "mobile", "offline"), (90, 5, 3, 2))[0]
        one = Session(member.id, at, seconds, mode, task, device, at + timedelta(seconds=seconds))
        yield one
        if member.has_two_devices and draw.random() < 0.3:
            yield _on_the_second(draw, one)
        at = one.end
        if number == pause:
            yield Session(member.id, at, 900, "paidbreak", None, device, at + timedelta(seconds=900))
            at += timedelta(minutes=draw.randint(15, 75))


def _on_the_second(draw: random.Random, one: Session) -> Session:
    """The same person at the same time, on another machine."""
    start = one.start + timedelta(seconds=draw.randint(0, one.seconds // 2))
    seconds = draw.randint(600, one.seconds)
    device = vendor_id("device", f"{one.user} 1")
    seen_from = start + timedelta(seconds=seconds)
    return replace(one, start=start, seconds=seconds, mode="computer", device=device, seen_from=seen_from)


def _typed_in(draw: random.Random, member: Member, midnight: datetime) -> Session:
    """Somebody forgot the timer, and says so on one of the next days."""
    start = midnight + timedelta(hours=draw.randint(18, 20))
    task = draw.choice(worked_on(member.projects[0], midnight))
    said_at = midnight + timedelta(days=draw.randint(1, 4), hours=10)
    return Session(member.id, start, draw.randint(1, 4) * 1800, "manual", task, None, said_at)


def _edited(draw: random.Random, found: list[Session], at: datetime) -> Iterator[Session]:
    """A manager shortens one session, or puts it to another task, or takes it away and types in another."""
    which, how = draw.randrange(len(found)), draw.choice(("shorter", "moved", "replaced", "removed"))
    for number, one in enumerate(found):
        if number != which:
            yield one
            continue
        yield replace(one, seen_until=at)
        if how == "shorter":
            yield replace(one, seconds=one.seconds // 2, seen_from=at)
        elif how == "moved" and one.task:
            yield replace(one, task=worked_on("office", one.start)[0], seen_from=at)
        elif how == "replaced":
            yield replace(one, mode="manual", device=None, seen_from=at)
