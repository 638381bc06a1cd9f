"""In which state a stream is: the word that a person reads first. Pure."""

from datetime import datetime
from typing import Literal

from observes_assets.contracts.levels import Freshness
from observes_assets.incidents.facts import StreamFacts

State = Literal["fresh", "late", "broken", "never loaded"]


def state_of(promised: Freshness, known: StreamFacts, now: datetime) -> State:
    """Fresh, late (older than promised), broken (older than allowed, or refused), or never loaded."""
    if known.refused is not None:
        return "broken"
    if known.read_until is None:
        return "never loaded"
    age = now - known.read_until
    if age > promised.fail:
        return "broken"
    return "late" if age > promised.warn else "fresh"
