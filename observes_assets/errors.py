"""Every failure that Observes tells a person about, as one small tree.

    ObservesError                 exit code 1
    ├── SettingsError             exit code 2: settings, portfolio or command line are wrong
    ├── BusyError                 exit code 75: somebody else holds what we need
    ├── SourceError               a vendor could not be read
    │   ├── TransientError        worth another try, perhaps after ``retry_after_seconds``
    │   └── PermanentError        a person must act first
    ├── IntegrityError            bucket, Postgres and what was promised of bytes contradict each other
    ├── RefusedError              a batch was refused by its contract and waits for a decision
    └── PublishRefusedError       a release was not published, and why

A message says what is wrong and where (source, stream, scope, record, field); ``remedy`` says what to
do. Neither ever holds personal data, a secret, or a record's values.
"""


class ObservesError(Exception):
    """Base of all failures with a message for a person.

    Args:
        message: what is wrong, and where.
        remedy: what the reader can do about it, as an imperative sentence; may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class SettingsError(ObservesError):
    """A setting, the portfolio or the command line is wrong."""

    exit_code = 2


class BusyError(ObservesError):
    """Another process holds a lock that we need."""

    exit_code = 75


class SourceError(ObservesError):
    """A vendor, or one scope of it, could not be read."""


class TransientError(SourceError):
    """Worth another try.

    Args:
        retry_after_seconds: the vendor's own hint, if it gave one.
    """

    def __init__(self, message: str, remedy: str = "", *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message, remedy)
        self.retry_after_seconds = retry_after_seconds


class PermanentError(SourceError):
    """Trying again is useless until a person has acted."""


class IntegrityError(ObservesError):
    """Bucket, Postgres and promises about bytes do not fit together."""


class RefusedError(ObservesError):
    """A batch broke its contract by more than the contract tolerates."""


class PublishRefusedError(ObservesError):
    """The candidate was not published; the last good release stays on show."""
