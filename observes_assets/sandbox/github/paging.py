"""Pages of a list: by number, or by a cursor that names the last thing shown."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson

from observes_assets.sandbox.messages import Answer, Request

Thing = TypeVar("Thing")
Key = tuple[Any, ...]


def page_size(query: dict[str, str]) -> int:
    """How many a page shall hold: 30 unless told, and never more than 100, without a word."""
    text = query.get("per_page", "30")
    return min(max(int(text), 1), 100) if text.isdigit() else 30


def numbered(request: Request, base: str, things: Sequence[Thing], shape: Callable[[Thing], Any]) -> Answer:
    """A page by number; ``Link`` names first, prev, next and last as far as they are other pages.

    Args:
        request: what was asked.
        base: the URL that the links begin with, which need not be the one that was asked.
        things: all of the list, in order.
        shape: what a thing looks like.
    """
    size = page_size(request.query)
    text = request.query.get("page", "1")
    number = max(int(text), 1) if text.isdigit() else 1
    last = max(1, -(-len(things) // size))
    links: dict[str, int] = {}
    if number > 1:
        links |= {"prev": number - 1, "first": 1}
    if number < last:
        links |= {"next": number + 1, "last": last}
    shown = things[(number - 1) * size : number * size]
    urls = {rel: _link(base, request, page=str(target)) for rel, target in links.items()}
    return Answer(body=[shape(one) for one in shown], headers=_header(urls))


def keyed(
    request: Request,
    base: str,
    things: Sequence[Thing],
    shape: Callable[[Thing], Any],
    key: Callable[[Thing], Key],
) -> Answer:
    """A page after a cursor; ``Link`` names only next and prev, and a cursor overrides ``page``."""
    size = page_size(request.query)
    ordered = sorted(things, key=key)
    start = 0
    if cursor := request.query.get("after"):
        after = decode(cursor)
        start = sum(list(key(one)) <= after for one in ordered)
    elif cursor := request.query.get("before"):
        before = decode(cursor)
        start = max(0, sum(list(key(one)) < before for one in ordered) - size)
    elif request.query.get("page", "").isdigit():
        start = (max(int(request.query["page"]), 1) - 1) * size
    shown = ordered[start : start + size]
    urls: dict[str, str] = {}
    if shown and start + size < len(ordered):
        urls["next"] = _link(base, request, after=encode(key(shown[-1])))
    if shown and start > 0:
        urls["prev"] = _link(base, request, before=encode(key(shown[0])))
    return Answer(body=[shape(one) for one in shown], headers=_header(urls))


def encode(key: Sequence[Any]) -> str:
    """A cursor."""
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode()


def decode(cursor: str) -> list[Any]:
    """What a cursor holds.

    Raises:
        ValueError: it is none of ours.
    """
    return list(orjson.loads(base64.urlsafe_b64decode(cursor)))


def _link(base: str, request: Request, **new: str) -> str:
    kept = {name: value for name, value in request.query.items() if name not in {"page", "after", "before"}}
    return f"{base}?{urlencode(kept | new)}"


def _header(urls: dict[str, str]) -> dict[str, str]:
    return {"Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in urls.items())} if urls else {}
