"""What a delivery file says, as plain frozen data. No reading, no checking: that is ``client.py``."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fields:
    """What a board calls its fields; None: it has no such field."""

    status: str | None = None
    sprint: str | None = None
    points: str | None = None
    quad: str | None = None
    pillar: str | None = None


@dataclass(frozen=True)
class Board:
    """One board that counts: ``owner`` is a login, ``number`` GitHub's, ``role`` roadmap or sprint."""

    owner: str
    number: int
    role: str
    fields: Fields


@dataclass(frozen=True)
class Done:
    """What counts as done: reasons for which an issue was closed, and statuses on its board."""

    closed_as: tuple[str, ...] = ("completed",)
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Types:
    """Issue types that stand for the two upper levels; every other type is work."""

    deliverable: tuple[str, ...] = ("Deliverable",)
    epic: tuple[str, ...] = ("Epic",)


@dataclass(frozen=True)
class Incidents:
    """By which labels or issue types an issue is known as an incident in production."""

    labels: tuple[str, ...] = ("incident",)
    types: tuple[str, ...] = ("Incident",)


@dataclass(frozen=True)
class Delivery:
    """The whole document. ``time_zone`` (IANA) says where days begin and end."""

    time_zone: str = "UTC"
    done: Done = Done()
    started: tuple[str, ...] = ("In Progress",)
    types: Types = Types()
    incidents: Incidents = Incidents()
    boards: tuple[Board, ...] = ()
