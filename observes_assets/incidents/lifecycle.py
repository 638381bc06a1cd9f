"""What opens, escalates and closes. Pure: from findings and what is open to what must be recorded."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from observes_assets.incidents.rules import Finding, Severity

Turn = Literal["opened", "escalated", "closed"]


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, as its newest record says. Times are UTC."""

    incident_id: str
    cause: str
    kind: str
    source: str | None
    stream: str | None
    severity: Severity
    title: str
    run_id: str | None
    owner: str
    on_call: str
    since: datetime
    opened_at: datetime
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    told: tuple[Turn, ...] = ()

    @property
    def turns(self) -> list[Turn]:
        """What has happened to it, in order."""
        happened: list[Turn] = ["opened"]
        if self.escalated_at is not None:
            happened.append("escalated")
        if self.closed_at is not None:
            happened.append("closed")
        return happened

    @property
    def untold(self) -> list[Turn]:
        """What of it nobody was told."""
        return [turn for turn in self.turns if turn not in self.told]


def new_id(now: datetime) -> str:
    """A short id: the day, and three random bytes."""
    return f"i-{now:%Y%m%d}-{secrets.token_hex(3)}"


def changes(
    found: Sequence[Finding],
    known: Iterable[Incident],
    now: datetime,
    *,
    make_id: Callable[[datetime], str] = new_id,
) -> list[Incident]:
    """Incidents that open, escalate, close or have other words now; in the order of their causes.

    Args:
        known: the open ones.
    """
    causes = {one.cause: one for one in found}
    standing = {one.cause: one for one in known}
    changed = []
    for cause in sorted(causes.keys() | standing.keys()):
        finding, incident = causes.get(cause), standing.get(cause)
        if incident is None:
            assert finding is not None
            changed.append(_opened(finding, now, make_id))
        elif finding is None:
            changed.append(msgspec.structs.replace(incident, closed_at=now))
        elif (later := _continued(incident, finding, now)) != incident:
            changed.append(later)
    return changed


def _opened(finding: Finding, now: datetime, make_id: Callable[[datetime], str]) -> Incident:
    return Incident(
        incident_id=make_id(now),
        cause=finding.cause,
        kind=finding.kind,
        source=finding.about.source,
        stream=finding.about.stream,
        severity=finding.severity,
        title=finding.title,
        run_id=finding.run_id,
        owner=finding.about.owner,
        on_call=finding.about.on_call,
        since=finding.since or now,
        opened_at=now,
    )


def _continued(incident: Incident, finding: Finding, now: datetime) -> Incident:
    """The incident with today's words; escalated, once, if it became worse or nobody took it on in time."""
    later = msgspec.structs.replace(
        incident, title=finding.title, owner=finding.about.owner, on_call=finding.about.on_call
    )
    is_worse = finding.severity == "incident"
    is_overdue = (
        finding.escalate_after is not None
        and incident.acknowledged_at is None
        and now - incident.opened_at >= finding.escalate_after
    )
    if incident.severity == "warning" and (is_worse or is_overdue):
        return msgspec.structs.replace(later, severity="incident", escalated_at=now)
    return later


def acknowledged(incident: Incident, now: datetime, who: str) -> Incident:
    """The incident, taken on by a person: it does not escalate any more."""
    return msgspec.structs.replace(incident, acknowledged_at=now, acknowledged_by=who)


def told(incident: Incident, turns: Iterable[Turn]) -> Incident:
    """The incident, with what people were told of it."""
    return msgspec.structs.replace(incident, told=(*incident.told, *turns))


def as_record(incident: Incident) -> Mapping[str, object]:
    """The record of ``observes/incidents``."""
    return msgspec.to_builtins(incident)  # type: ignore[no-any-return]
