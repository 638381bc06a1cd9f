"""What went wrong, in words that a person can act on; never a record's values, nor a credential."""

from observes_assets.errors import PermanentError, SourceError, TransientError

_AGAIN = "The next run tries again by itself."


class CutOffError(TransientError):
    """An answer under status 200 that ends in the middle: fewer users per request help, waiting does not."""


class NoAccessError(PermanentError):
    """TimeDoctor lets us do nothing at all until a person has acted."""


def of_status(what: str, status: int, retry_after_seconds: float | None) -> SourceError:
    """The failure that an answer with status 300 or more is.

    Args:
        what: what was asked for, as in "worklogs of 2026-11-16".
    """
    if status == 429:
        wait = f"; it asks us to wait {retry_after_seconds:.0f} s" if retry_after_seconds else ""
        return TransientError(
            f"TimeDoctor limits our requests at {what}{wait}.",
            f"{_AGAIN} Nothing that was read is lost.",
            retry_after_seconds=retry_after_seconds,
        )
    if status >= 500:
        return TransientError(
            f"TimeDoctor answers {status} for {what}.", _AGAIN, retry_after_seconds=retry_after_seconds
        )
    if status == 403:
        return PermanentError(
            f"TimeDoctor refuses {what}: the login may not read it.",
            "Make the login an admin of the company who may see everybody's data; then run again.",
        )
    if status == 404:
        return PermanentError(
            f"TimeDoctor knows no {what}.",
            "Check OBSERVES_TIMEDOCTOR_COMPANY, and that the login still belongs to the company.",
        )
    return PermanentError(f"TimeDoctor answers {status} for {what}.", "Report this: the request is ours.")


def refused_login(status: int, retry_after_seconds: float | None, *, has_code: bool) -> SourceError:
    """TimeDoctor does not let us in."""
    if status == 429 or status >= 500:
        return of_status("the login", status, retry_after_seconds)
    second = (
        "the code made of OBSERVES_TIMEDOCTOR_TOTP_SECRET, and this machine's clock"
        if has_code
        else "whether it wants a second factor (OBSERVES_TIMEDOCTOR_TOTP_SECRET)"
    )
    return NoAccessError(
        f"TimeDoctor does not accept the login (it answers {status}): e-mail, password or second factor are "
        "wrong, or the person was removed.",
        f"Check OBSERVES_TIMEDOCTOR_EMAIL and OBSERVES_TIMEDOCTOR_PASSWORD, {second}; then run again.",
    )


def rejected(what: str) -> SourceError:
    """A token that was given a moment ago is not accepted."""
    return NoAccessError(
        f"TimeDoctor rejects the token that it has just given us, at {what}: the login was revoked.",
        "Check that the person is still an active admin of the company; then run again.",
    )


def unreachable(what: str, kind: str) -> SourceError:
    """No answer came. ``kind`` is the error's class: its own text names addresses."""
    return TransientError(f"TimeDoctor can't be reached for {what}: {kind}.", f"Check the network. {_AGAIN}")


def strange(what: str, why: str) -> SourceError:
    """An answer under status 200 that isn't one. It says nothing about what was asked for."""
    return TransientError(
        f"TimeDoctor's answer for {what} is not what it should be: {why}.",
        f"{_AGAIN} If that goes on, see if OBSERVES_TIMEDOCTOR_URL is right.",
    )
