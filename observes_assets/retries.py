"""What is tried again is told, as a warning in the ordinary log: on stderr, if nobody configures another.

Stamina's own way prints to stdout, between records and JSON that are asked for there, and tells arguments,
which may be addresses with secrets in them.
"""

import logging

from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from observes_assets.errors import ObservesError

_log = logging.getLogger(__name__)


def tell_retries() -> None:
    """Have every retry of this process told; whatever starts one (command line, code location) calls it."""
    set_on_retry_hooks([_tell])


def _tell(details: RetryDetails) -> None:
    error = details.caused_by
    # Only our own failures are sure to hold neither personal data nor secrets.
    reason = error.message if isinstance(error, ObservesError) else f"{type(error).__name__}."
    _log.warning("%s Try %d follows in %.1f s.", reason, details.retry_num + 1, details.wait_for)
