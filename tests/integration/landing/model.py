"""What the landing should do, in Python and without SQL: a dictionary a scope."""

from dataclasses import dataclass, field
from typing import Any

import orjson

REGIONS = ("eu", "us")
MAXIMUM_QUARANTINED, MAXIMUM_VANISHED = 1, 0.5  # as in the contract of the tests


@dataclass(frozen=True)
class Line:
    """One record of a batch: good, or bad in one of three ways."""

    order_id: int
    amount: int
    fault: str | None

    def document(self, region: str) -> dict[str, Any]:
        record: dict[str, Any] = {"region": region, "order_id": str(self.order_id), "amount": self.amount}
        if self.fault == "amount":
            record["amount"] = "much"
        elif self.fault == "key":
            del record["order_id"]
        elif self.fault == "scope":
            record["region"] = REGIONS[1 - REGIONS.index(region)]
        return record


@dataclass(frozen=True)
class Extract:
    region: str
    kind: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Decide:
    region: str
    verdict: str


@dataclass
class Head:
    amount: int
    batch: int
    content_batch: int
    first_batch: int
    is_deleted: bool = False


@dataclass
class Batch:
    number: int
    step: Extract
    makes_up_for: list[int]
    cursor_before: int | None
    state: str = "pending"
    counts: tuple[int, ...] = ()
    is_first: bool = False


@dataclass
class Model:
    """What the warehouse should hold."""

    heads: dict[str, dict[int, Head]] = field(default_factory=lambda: {region: {} for region in REGIONS})
    versions: set[tuple[Any, ...]] = field(default_factory=set)
    batches: list[Batch] = field(default_factory=list)

    def extract(self, step: Extract) -> None:
        made_up = {number for one in self.of(step.region) for number in one.makes_up_for}
        rejected = [
            one for one in self.of(step.region) if one.state == "rejected" and one.number not in made_up
        ]
        last = max((one.number for one in self.of(step.region)), default=None)
        cursor = rejected[0].cursor_before if rejected else last
        number = len(self.batches) + 1
        self.batches.append(Batch(number, step, [one.number for one in rejected], cursor))
        self.land(step.region)

    def decide(self, step: Decide) -> None:
        for one in self.of(step.region):
            if one.state == "refused":
                one.state = f"{step.verdict}ed"
        self.land(step.region)

    def of(self, region: str) -> list[Batch]:
        return [one for one in self.batches if one.step.region == region]

    def land(self, region: str) -> None:
        for one in self.of(region):
            if one.state == "refused":
                return
            if one.state in {"pending", "accepted"}:
                self.land_batch(one, limits_apply=one.state == "pending")
                if one.state == "refused":
                    return

    def land_batch(self, batch: Batch, *, limits_apply: bool) -> None:
        heads, step = self.heads[batch.step.region], batch.step
        bad = [line for line in step.lines if line.fault]
        good = {line.order_id: line.amount for line in step.lines if not line.fault}  # the last one wins
        may_bury = step.kind == "complete" and not any(line.fault == "key" for line in bad)
        refused_here = {line.order_id for line in bad if line.fault == "amount"}
        alive = {key for key, head in heads.items() if not head.is_deleted}
        vanished = alive - set(good) - refused_here if may_bury else set()
        if limits_apply and (len(bad) > MAXIMUM_QUARANTINED or len(vanished) > MAXIMUM_VANISHED * len(alive)):
            batch.state = "refused"
            return
        changed = {
            key for key, amount in good.items() if key not in heads or heads[key].is_deleted
            or heads[key].amount != amount
        }  # fmt: skip
        for key in changed:
            first = heads[key].first_batch if key in heads else batch.number
            self.supersede(batch, key, Head(good[key], batch.number, batch.number, first))
        for key in vanished:
            gone = heads[key]
            head = Head(gone.amount, batch.number, gone.content_batch, gone.first_batch, is_deleted=True)
            self.supersede(batch, key, head)
        batch.counts = (len(step.lines), len(changed), len(good) - len(changed), len(vanished), len(bad))
        batch.is_first = self.is_first(batch)
        batch.state = "landed"

    def is_first(self, batch: Batch) -> bool:
        """Whether the batch holds the scope's history: a batch in a rejected one's stead has its place."""
        place = batch
        while place.makes_up_for:
            place = self.batches[min(place.makes_up_for) - 1]
        before = [one for one in self.of(batch.step.region) if one.number < batch.number]
        read_again = {number for one in before for number in one.makes_up_for}
        return not any(
            one.step.lines for one in before if one.number < place.number and one.number not in read_again
        )

    def supersede(self, batch: Batch, key: int, head: Head) -> None:
        region = batch.step.region
        if old := self.heads[region].get(key):
            self.versions.discard(_version(region, key, old, None))
            self.versions.add(_version(region, key, old, batch.number))
        self.heads[region][key] = head
        self.versions.add(_version(region, key, head, None))


def _version(region: str, key: int, head: Head, superseded_by: int | None) -> tuple[Any, ...]:
    name = orjson.dumps([region, str(key)]).decode()
    amount = None if head.is_deleted else head.amount
    return (
        name, head.batch, superseded_by, head.is_deleted, head.content_batch, head.first_batch, amount,
    )  # fmt: skip
