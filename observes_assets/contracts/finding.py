"""What ``observes contract lint`` says: where something is missing or wrong, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that a contract lacks or says wrong.

    ``stream`` and ``field`` are None where the finding is about the whole source, or the whole stream.
    """

    source: str
    stream: str | None
    field: str | None
    problem: str
    remedy: str

    @property
    def place(self) -> str:
        """Source, stream and field in one word: ``git/commits.author_email``."""
        stream = f"/{self.stream}" if self.stream else ""
        return f"{self.source}{stream}{f'.{self.field}' if self.field else ''}"
