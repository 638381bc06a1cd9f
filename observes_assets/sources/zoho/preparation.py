"""First half: ask Zoho for the exports of every module that is due. Nothing waits here."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from observes_assets.contracts import Contract
from observes_assets.errors import SourceError
from observes_assets.extraction import Extractor
from observes_assets.sources.zoho.client import Client
from observes_assets.sources.zoho.exports import CREDITS, Export, Page, first_pages
from observes_assets.sources.zoho.failures import NoAccessError, StoppedError, UnreachableError
from observes_assets.sources.zoho.reading import plan_of
from observes_assets.sources.zoho.recording import Exports
from observes_assets.sources.zoho.streams import instant, question, stream_of

READ_AGAIN_AFTER = timedelta(hours=1)
"""A module that was asked for since is not asked for again: each time costs 50 credits."""


@dataclass
class Prepared:
    """What became of asking: ``stopped`` names a used up limit, ``landed`` counts batches that waited."""

    asked: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    credits_spent: int = 0
    landed: int = 0


@dataclass(frozen=True)
class Purse:
    """Asks for exports as long as the contract's credits last."""

    client: Client
    exports: Exports
    contract: Contract

    def ask_for(self, page: Page) -> Export:
        """Ask Zoho for an export, and note it at once.

        Raises:
            StoppedError: the credits that the contract allows are used up; nothing was asked for.
        """
        self._require_credits(page)
        now = self.client.server_at
        answer = self.client.create_export(
            page.what,
            question(page.module, page.span, page_number=page.page_number, page_token=page.page_token),
        )
        created = answer.get("created_time")
        at = instant(created) if isinstance(created, str) else now
        export = Export(answer["id"], page, at, answer["state"])
        self.exports.add(export)
        return export

    def _require_credits(self, page: Page) -> None:
        budget = self.contract.customs.credit_budget
        if budget is None:
            return
        spent, oldest_at = self.exports.spent(self.client.server_at, budget.period)
        if spent + CREDITS <= budget.credits:
            return
        free_at = (oldest_at or self.client.server_at) + budget.period
        raise StoppedError(
            f"Zoho: {page.what} would cost more credits than the contract allows: {spent} of "
            f"{budget.credits} are spent.",
            f"It is asked for from {free_at:%d %b %H:%M} UTC on; or raise creditBudget in "
            "sources/zoho/contract.yaml.",
            retry_after_seconds=max((free_at - self.client.server_at).total_seconds(), 0),
        )


def prepare(extractor: Extractor, client: Client, exports: Exports, now: datetime) -> Prepared:
    """Begin a reading of every module that is due, unless one is under way, which is gone on with.

    What one module's failure says, it says of that module. A limit stops the rest, until a later run.

    Args:
        now: by the vendor's clock (UTC).

    Raises:
        SourceError: Zoho lets us do nothing at all.
    """
    done = Prepared()
    for stream in extractor.contract.streams:
        done.landed += len(extractor.land_waiting(stream).loads)
    purse = Purse(client, exports, extractor.contract)
    under_way = {found[0].page.module for found in exports.open_readings().values()}
    done.resumed = sorted(under_way)
    due = _due(client.access.modules, under_way, exports.last_asked(), now)
    try:
        for module in due:
            began_at = client.server_at
            try:
                _begin(extractor, purse, module)
            except StoppedError as error:
                done.stopped = str(error)
                break
            except (NoAccessError, UnreachableError):
                raise
            except SourceError as error:
                done.failed[module] = str(error)
                extractor.note(stream_of(module), {}, began_at, error)
            else:
                done.asked.append(module)
    finally:
        exports.write_down()
    budget = extractor.contract.customs.credit_budget
    if budget:
        done.credits_spent = exports.spent(client.server_at, budget.period)[0]
    return done


def _due(
    modules: Collection[str], under_way: Collection[str], last_asked: dict[str, datetime], now: datetime
) -> list[str]:
    """Who has waited longest comes first: else used up credits would always be lacked by the same ones."""
    never = datetime.min.replace(tzinfo=UTC)
    due = [
        one
        for one in modules
        if one not in under_way and now - last_asked.get(one, never) >= READ_AGAIN_AFTER
    ]
    return sorted(due, key=lambda one: last_asked.get(one, never))


def _begin(extractor: Extractor, purse: Purse, module: str) -> None:
    """Ask for the first exports of a reading. If not all can be had, its last span begins where they end."""
    since, borders = plan_of(extractor, module, purse.client.server_at)
    for page in first_pages(module, uuid.uuid4().hex, since=since, borders=borders):
        purse.ask_for(page)
