"""Hold publishing, let it go on, publish in spite of a loss: a person's decision, in the bucket first.

A kill between the two leaves the decision, and the next run does what it says. A database that starts anew
finds publishing held as it was.
"""

from datetime import UTC, datetime

from psycopg import Connection

from observes_assets.installation import Installation
from observes_assets.postgres.roles import LOADER, acting
from observes_assets.sources.observes.recording import record
from observes_assets.sources.observes.streams import held_or_resumed, loss_accepted
from observes_assets.warehouse import publish


def roll_back(installation: Installation, connection: Connection, number: int, *, who: str, why: str) -> None:
    """Show an earlier release, and hold publishing until a person resumes it.

    Raises:
        PublishRefusedError: that release is not there any more.
    """
    publish.require_published(connection, number)
    decision = held_or_resumed("hold", release=number, who=who, why=why, at=datetime.now(UTC))
    with acting(connection, LOADER):
        record(installation, connection, "decisions", [decision])
    publish.roll_back(connection, number, who=who, why=why)


def accept_loss(installation: Installation, connection: Connection, *, who: str, why: str) -> publish.Release:
    """Publish the candidate although marts lost more of their rows than they may.

    Raises:
        PublishRefusedError: it may not be published for another reason.
    """
    decision = loss_accepted(who=who, why=why, at=datetime.now(UTC))
    with acting(connection, LOADER):
        record(installation, connection, "decisions", [decision])
    return publish.publish_candidate(connection, installation.bucket, accepted_loss={"who": who, "why": why})


def resume(installation: Installation, connection: Connection, number: int | None, *, who: str) -> int:
    """Lift the hold and show a release, by default the newest; returns its number.

    Raises:
        PublishRefusedError: there is no such release.
    """
    shown = publish.newest_release(connection) if number is None else number
    publish.require_published(connection, shown)
    decision = held_or_resumed("resume", release=shown, who=who, why=None, at=datetime.now(UTC))
    with acting(connection, LOADER):
        record(installation, connection, "decisions", [decision])
    return publish.resume(connection, shown)
