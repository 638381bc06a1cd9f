"""Reads the vendor as a source does: tries again, and tells the landing how many records there should be."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import stamina

from observes_assets.errors import PermanentError, TransientError
from observes_assets.extraction import Reading

_ATTEMPTS = 4
_TEMPORARY = (429, 500, 502, 503, 504)


@dataclass
class Client:
    """One reading of a region; what the vendor says of it is known when its pages have come."""

    address: tuple[str, int]
    timeout_seconds: float
    sequence: int = 0
    total: int | None = None

    def reading(self, region: str, kind: str, cursor: dict[str, Any] | None) -> Reading:
        """What a source gives to its extractor."""
        since = int(cursor["sequence"]) if cursor and kind == "differential" else 0
        return Reading(
            kind,  # type: ignore[arg-type]
            self.parcels(region, since),
            lambda: {"sequence": self.sequence},
            lambda: self.total,
        )

    def parcels(self, region: str, since: int) -> Iterator[bytes]:
        """Every parcel that changed since, as the vendor's own bytes.

        Raises:
            TransientError: the vendor fails.
        """
        page: str | None = "0"
        while page is not None:
            headers, lines = self.page(urlencode({"region": region, "since": since, "page": page}))
            self.total = int(headers["X-Total"])
            self.sequence = self.sequence or int(headers["X-Sequence"])
            yield from lines
            page = headers["X-Next"]

    @stamina.retry(on=TransientError, attempts=_ATTEMPTS, wait_initial=0.01, wait_max=0.05, wait_jitter=0.01)
    def page(self, query: str) -> tuple[http.client.HTTPMessage, list[bytes]]:
        """One page: its headers and its lines."""
        connection = http.client.HTTPConnection(*self.address, timeout=self.timeout_seconds)
        try:
            connection.request("GET", f"/parcels?{query}")
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"The depot does not answer ({type(error).__name__}).") from None
        finally:
            connection.close()
        if response.status in _TEMPORARY:
            raise TransientError(f"The depot answered {response.status}.")
        if response.status != 200:
            raise PermanentError(f"The depot answered {response.status}.")
        lines = body.split(b"\n") if response.headers["X-Count"] not in {"0", None} else []
        if len(lines) != int(response.headers["X-Count"] or -1):
            raise TransientError("The depot's answer doesn't add up.")
        return response.headers, lines
