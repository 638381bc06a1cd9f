"""Synthetic records of a help desk and their contract: nested, Unicode, escapes, about 1.5 KB each."""

import random
from typing import Any

from observes_assets import contracts
from observes_assets.contracts import Contract

SOURCE, STREAM = "desk", "tickets"

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: desk
name: desk
version: 1.0.0
status: active
team: {name: bench}
schema:
  - name: tickets
    logicalType: object
    customProperties:
      - {property: maximumVanishedShare, value: 0.5}
    properties:
      - {name: ticket_id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: title, logicalType: string, required: true}
      - {name: state, logicalType: string, required: true, enum: [{value: open}, {value: closed}]}
      - {name: created_at, logicalType: timestamp, required: true}
      - {name: updated_at, logicalType: timestamp, required: true}
      - {name: comment_count, logicalType: integer, required: true, logicalTypeOptions: {minimum: 0}}
      - {name: is_urgent, logicalType: boolean, required: true}
      - {name: estimate_hours, logicalType: number, required: false}
      - {name: author, logicalType: object, required: true, properties: [
          {name: author_id, logicalType: integer, required: true},
          {name: name, logicalType: string, required: true, classification: personal}]}
      - {name: labels, logicalType: array, required: true, items: {logicalType: string, required: true}}
      - {name: body, logicalType: string, required: false}
slaProperties:
  - {property: frequency, value: "0 * * * *", element: tickets}
  - {property: freshness, value: 24, valueExt: 48, unit: h, element: tickets}
"""

_SYLLABLES = (
    "ba",
    "co",
    "di",
    "fé",
    "gu",
    "ho",
    "ki",
    "lam",
    "ma",
    "nö",
    "per",
    "qui",
    "ro",
    "sta",
    "ter",
    "vu",
)
_SHORT_BODY, _BODY = 12, 137  # words


def contract() -> Contract:
    """The contract that the documents keep."""
    return contracts.parse(SOURCE, CONTRACT.encode())


def _vocabulary(chance: random.Random) -> list[str]:
    words = {"".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3)))) for _ in range(6_000)}
    return [*sorted(words)[:4_000], '"quoted"', "back\\slash", "line\nbreak", "tab\tstop"]


class Documents:
    """Documents by number: the same ones in every process.

    Args:
        is_short: about 0.35 KB instead of 1.5 KB, for millions of them.
    """

    def __init__(self, *, is_short: bool = False) -> None:
        chance = random.Random(11)
        words = _vocabulary(chance)
        size = _SHORT_BODY if is_short else _BODY
        # Bodies repeat after 5,000 documents: far beyond what zstd's window of level 1 sees.
        self._bodies = [
            " ".join(chance.choices(words, k=chance.randint(size // 2, size * 3 // 2))) for _ in range(5_000)
        ]

    def document(self, number: int, *, revision: int = 0) -> dict[str, Any]:
        """The document of a key; another revision has other content."""
        minute, second = number // 60 % 60, number % 60
        return {
            "ticket_id": f"T-{number:08}",
            "number": number,
            "title": self._bodies[number * 7 % 5_000][:60],
            "state": "closed" if number % 3 else "open",
            "created_at": f"2026-01-{number % 28 + 1:02}T08:{minute:02}:{second:02}Z",
            "updated_at": f"2026-02-{number % 28 + 1:02}T17:{minute:02}:{second:02}.{revision:03}+01:00",
            "comment_count": number % 17,
            "is_urgent": number % 50 == 0,
            "estimate_hours": None if number % 4 else number % 90 / 4,
            "author": {"author_id": number % 997, "name": f"Person Nº {number % 997}", "is_bot": False},
            "labels": [f"area-{number % 31}", f"team-{number % 7}"],
            "url": f"https://desk.example.com/tickets/{number}",
            "body": self._bodies[number % 5_000],
        }
