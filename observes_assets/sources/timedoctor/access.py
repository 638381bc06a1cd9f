"""Who we are to TimeDoctor, and which days we want, from the settings."""

import base64
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from observes_assets.errors import PermanentError, SettingsError
from observes_assets.settings import Settings
from observes_assets.sources.configured import lacks_timedoctor


@dataclass(frozen=True)
class Access:
    """How to reach TimeDoctor, and what of it to read; shows no credential.

    Args:
        first_day: from which day on (UTC) no day may be missing; None: from the first that has landed, or as
            the re-read tail reaches back.
        reread_days: so many days before today are read again each day.
        memory_days: further back nothing is asked for: an empty answer would not mean an empty day.
    """

    email: str = field(repr=False)
    password: str = field(repr=False)
    totp_secret: str | None = field(repr=False)
    url: str
    company: str | None
    first_day: date | None
    reread_days: int
    memory_days: int

    def code(self) -> str:
        """The second factor of this half minute; empty if there is none."""
        return totp(self.totp_secret, time.time()) if self.totp_secret else ""


def totp(secret: str, at: float) -> str:
    """The six digits of RFC 6238. PyOTP refuses secrets of 80 bits, which vendors still give out.

    Args:
        secret: Base32, with or without its padding.
        at: seconds since 1970.

    Raises:
        ValueError: the secret is no Base32.
    """
    key = base64.b32decode(secret + "=" * (-len(secret) % 8), casefold=True)
    digest = hmac.digest(key, int(at // 30).to_bytes(8), "sha1")
    place = digest[-1] & 0xF
    number = int.from_bytes(digest[place : place + 4]) & 0x7FFF_FFFF
    return f"{number % 1_000_000:06d}"


def read(settings: Settings) -> Access | None:
    """The access that the settings describe; None if TimeDoctor is not configured.

    Raises:
        SettingsError: a setting is unusable; names it, not its value.
    """
    if lacks_timedoctor(settings):
        return None
    assert settings.timedoctor_email
    assert settings.timedoctor_password
    secret = settings.timedoctor_totp_secret
    url = settings.timedoctor_url
    if not url.startswith(("https://", "http://")) or "@" in url:
        raise SettingsError("OBSERVES_TIMEDOCTOR_URL must be an http(s) URL without credentials.")
    access = Access(
        settings.timedoctor_email,
        settings.timedoctor_password.get_secret_value(),
        secret.get_secret_value().replace(" ", "") if secret else None,
        url.rstrip("/"),
        settings.timedoctor_company,
        settings.timedoctor_start,
        settings.timedoctor_reread_days,
        settings.timedoctor_memory_days,
    )
    try:
        access.code()
    except ValueError:
        raise SettingsError(
            "OBSERVES_TIMEDOCTOR_TOTP_SECRET is no Base32 text.",
            "Use the secret that TimeDoctor showed beside the QR code, not a code of six digits.",
        ) from None
    return access


def company_of(access: Access, companies: Iterable[dict[str, Any]]) -> str:
    """The one company that is read: the login's only one, or the one that the settings name.

    Raises:
        PermanentError: which one is not clear.
    """
    ids = sorted(str(one.get("id")) for one in companies)
    if access.company and access.company not in ids:
        raise PermanentError(
            "TimeDoctor: the login does not belong to the company that OBSERVES_TIMEDOCTOR_COMPANY names.",
            f"Set it to one of {', '.join(ids)}." if ids else "Add the login to the company.",
        )
    if not access.company and len(ids) != 1:
        raise PermanentError(
            f"TimeDoctor: the login belongs to {len(ids)} companies: {', '.join(ids)}.",
            "Set OBSERVES_TIMEDOCTOR_COMPANY to the id of one.",
        )
    return access.company or ids[0]
