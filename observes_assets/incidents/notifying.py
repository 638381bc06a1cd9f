"""Tell people of an incident, through Apprise: whatever a URL names, be it a chat, a mailbox or a pager.

A message holds what broke, since when, who owns it, what to do and the run: nothing of any record. A service
that does not answer is asked again by the next evaluation.
"""

import logging
from typing import Literal

from observes_assets.errors import SettingsError
from observes_assets.incidents.lifecycle import Incident, Turn
from observes_assets.prose import without_people
from observes_assets.settings import Settings

_NEWS: dict[Turn, str] = {
    "opened": "opened",
    "escalated": "escalated",
    "closed": "is over",
}


def tell(settings: Settings, incident: Incident, turn: Turn) -> bool:
    """Tell every service of one turn of an incident; whether all of them took it, be it that there is none.

    Raises:
        SettingsError: a setting holds something that is no Apprise URL; names the setting only.
    """
    import apprise  # noqa: PLC0415 - a third of a second, and rarely needed

    # Its own log lines name services by their URLs.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    speaker = apprise.Apprise()
    chosen = {"OBSERVES_NOTIFY_URLS": settings.notify_urls}
    if _severity(incident, turn) == "incident":
        chosen["OBSERVES_ON_CALL_URLS"] = settings.on_call_urls
    for name, urls in chosen.items():
        if urls is not None and not speaker.add(urls.get_secret_value()):
            raise SettingsError(
                f"{name} holds something that is no URL of Apprise's.",
                "Separate URLs by spaces or commas; Apprise's own pages list the form of each service.",
            )
    if not len(speaker):
        return True
    kind = {"warning": apprise.NotifyType.WARNING, "incident": apprise.NotifyType.FAILURE}
    return bool(
        speaker.notify(
            title=title(incident, turn),
            body=body(settings, incident),
            notify_type=apprise.NotifyType.SUCCESS if turn == "closed" else kind[incident.severity],
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def _severity(incident: Incident, turn: Turn) -> Literal["warning", "incident"]:
    """Of a turn: what opened as a warning is no news to on-call until it escalated."""
    return "warning" if turn == "opened" and incident.escalated_at else incident.severity


def title(incident: Incident, turn: Turn) -> str:
    """One line, the first that a person reads."""
    about = f"{incident.source}/{incident.stream}" if incident.stream else "Observes"
    word = "Warning" if _severity(incident, turn) == "warning" else "Incident"
    return f"{word} {_NEWS[turn]}: {about}, {incident.kind.replace('_', ' ')}"


def body(settings: Settings, incident: Incident) -> str:
    """What broke, since when, who owns it, what to do, and where to look."""
    lines = [
        without_people(incident.title),
        f"Since: {incident.since:%Y-%m-%d %H:%M} UTC",
        f"Owner: {incident.owner}; on-call: {incident.on_call}",
        f"What to do: {runbook_link(settings, incident.kind)}",
    ]
    if incident.closed_at:
        lines.append(f"Over since: {incident.closed_at:%Y-%m-%d %H:%M} UTC")
    if incident.run_id:
        web = settings.web_url
        lines.append(f"Run: {web.rstrip('/') + '/runs/' if web else ''}{incident.run_id}")
    lines.append(f"Incident: {incident.incident_id} (`observes incident show {incident.incident_id}`)")
    return "\n".join(lines)


def runbook_link(settings: Settings, kind: str) -> str:
    """Where the runbook tells what to do about a kind of incident."""
    return f"{settings.runbook_url}#incident-{kind.replace('_', '-')}"
