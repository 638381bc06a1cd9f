"""What a notification says, and that it can say nothing else."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from observes_assets.incidents.lifecycle import Incident
from observes_assets.incidents.notifying import body, runbook_link, title
from observes_assets.incidents.rules import KINDS
from observes_assets.settings import Settings

NOON = datetime(2024, 5, 3, 12, 0, tzinfo=UTC)
INCIDENT = Incident(
    incident_id="i-20240503-1a2b3c",
    cause="refused_batch shop/orders",
    kind="refused_batch",
    source="shop",
    stream="orders",
    severity="incident",
    title="Batch 7 of shop/orders waits for a decision: 5 of 9 records break the contract, 0 may.",
    run_id="run-1",
    owner="shopkeepers",
    on_call="shop-pager",
    since=NOON,
    opened_at=NOON,
    acknowledged_by="ann",
)


def test_it_says_what_since_when_who_what_to_do_and_the_run() -> None:
    settings = Settings(runbook_url="https://wiki.example/runbook", web_url="https://dagster.example/")
    assert body(settings, INCIDENT).splitlines() == [
        "Batch 7 of shop/orders waits for a decision: 5 of 9 records break the contract, 0 may.",
        "Since: 2024-05-03 12:00 UTC",
        "Owner: shopkeepers; on-call: shop-pager",
        "What to do: https://wiki.example/runbook#incident-refused-batch",
        "Run: https://dagster.example/runs/run-1",
        "Incident: i-20240503-1a2b3c (`observes incident show i-20240503-1a2b3c`)",
    ]


def test_without_a_web_address_the_run_s_id_is_told() -> None:
    assert "Run: run-1" in body(Settings(), INCIDENT)


def test_who_took_it_on_is_not_told() -> None:
    assert "ann" not in body(Settings(), INCIDENT) + title(INCIDENT, "opened")


def test_titles_of_the_turns() -> None:
    assert title(INCIDENT, "opened") == "Incident opened: shop/orders, refused batch"
    warning = msgspec.structs.replace(
        INCIDENT, kind="stale_bills", source=None, stream=None, severity="warning"
    )
    assert title(warning, "opened") == "Warning opened: Observes, stale bills"
    later = msgspec.structs.replace(warning, severity="incident", escalated_at=NOON + timedelta(hours=4))
    assert title(later, "opened") == "Warning opened: Observes, stale bills"
    assert title(later, "escalated") == "Incident escalated: Observes, stale bills"
    assert title(later, "closed") == "Incident is over: Observes, stale bills"


def test_every_kind_has_an_entry_in_the_runbook() -> None:
    runbook = (Path(__file__).parents[3] / "docs" / "runbook.md").read_text()
    titles = set(re.findall(r"^### (Incident: .+)$", runbook, re.MULTILINE))
    anchors = {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in titles}
    links = {runbook_link(Settings(), kind).partition("#")[2] for kind in KINDS}
    assert links == anchors
