"""A request and an answer, as every vendor's server passes them around."""

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True)
class Request:
    """What a client asked. Header names are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def name(self) -> str:
        """What switches look for: ``GET /repos/…``."""
        return f"{self.method} {self.path}"


@dataclass
class Answer:
    """What the client gets. ``body`` is JSON unless it is bytes already."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None  # close the connection after so many bytes of the body
    _content: bytes | None = None

    def content(self) -> bytes:
        """The body's bytes."""
        if self._content is None:
            is_written = isinstance(self.body, bytes)
            self._content = self.body if is_written else b"" if self.body is None else orjson.dumps(self.body)
        return self._content
