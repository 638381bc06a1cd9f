"""Records of one stream as Zoho sends them now; nothing is held, archived or landed."""

import uuid
from collections.abc import Iterator
from typing import Any

import orjson

from observes_assets.errors import TransientError
from observes_assets.scratch import scratch
from observes_assets.sources.zoho.exports import Page
from observes_assets.sources.zoho.preparation import Purse
from observes_assets.sources.zoho.sheets import Sheet
from observes_assets.sources.zoho.streams import DELETIONS, MODULES, USERS, Span, stream_of


def names() -> list[str]:
    """Streams that can be read apart."""
    return [*(stream_of(module) for module in MODULES), USERS, DELETIONS]


def preview(purse: Purse, stream: str) -> Iterator[dict[str, Any]]:
    """Records of a stream. One of a module costs an export: 50 credits, of those that runs live on.

    Raises:
        SourceError: Zoho does not give them, or not as soon as the settings allow, or credits are used up.
    """
    client = purse.client
    if stream == USERS:
        yield from client.users()
    elif stream == DELETIONS:
        for module in client.access.modules:
            yield from ({"module": module, **row} for row in client.deleted(module, None))
    else:
        module = next(one for one in MODULES if stream_of(one) == stream)
        yield from _exported(purse, Page(module, uuid.uuid4().hex, True, 1, 1, Span()))


def _exported(purse: Purse, page: Page) -> Iterator[dict[str, Any]]:
    client, export = purse.client, purse.ask_for(page)
    purse.exports.end([export], "dropped")  # no run is to land it
    ends_at, pause = client.clock() + client.access.wait_seconds, 1.0
    while (export := export.seen(client.export(page.what, export.export_id), client.server_at)).is_under_way:
        if client.clock() >= ends_at:
            raise TransientError(
                f"Zoho has not finished {page.what}.", "Try again later, or raise OBSERVES_ZOHO_WAIT."
            )
        client.sleep(pause)
        pause = min(2 * pause, 60.0)
    if export.ended_as:
        raise TransientError(f"Zoho failed {page.what}.", "Try again later.")
    if export.is_empty:
        return
    with scratch("zoho") as folder:
        path = folder / "results.zip"
        with path.open("wb") as file:
            client.download(page.what, str((export.result or {}).get("download_url", "")), file)
        yield from (orjson.loads(record) for record in Sheet(path, (), page.what).records())
