"""Who we are to Zoho CRM: a client with a user's refresh token, from the settings."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from observes_assets.errors import SettingsError
from observes_assets.settings import Settings
from observes_assets.sources.configured import lacks_zoho
from observes_assets.sources.zoho.streams import MODULES


@dataclass(frozen=True)
class Access:
    """How to reach Zoho, and what of it to read. Never shows its secrets.

    ``kept_in`` is the file that all processes of the home share the access token in.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    accounts_url: str
    kept_in: Path
    modules: tuple[str, ...] = MODULES
    wait_seconds: float = 600


def read(settings: Settings) -> Access | None:
    """The access that the settings describe; None if Zoho is not configured.

    Raises:
        SettingsError: an address or a module in them is unusable.
    """
    if lacks_zoho(settings):
        return None
    assert settings.zoho_client_id is not None
    assert settings.zoho_client_secret is not None
    assert settings.zoho_refresh_token is not None
    url = settings.zoho_accounts_url.rstrip("/")
    if not url.startswith(("https://", "http://")) or "@" in url:
        raise SettingsError("OBSERVES_ZOHO_ACCOUNTS_URL must be an http(s) URL without credentials.")
    refresh_token = settings.zoho_refresh_token.get_secret_value()
    # Another user or data centre has another file: nobody gets the access of somebody else.
    who = "\n".join((url, settings.zoho_client_id, refresh_token))
    name = hashlib.sha256(who.encode()).hexdigest()[:16]
    return Access(
        client_id=settings.zoho_client_id,
        client_secret=settings.zoho_client_secret.get_secret_value(),
        refresh_token=refresh_token,
        accounts_url=url,
        kept_in=settings.home / "zoho" / f"{name}.json",
        modules=_modules(settings.zoho_modules),
        wait_seconds=settings.zoho_wait,
    )


def _modules(text: str) -> tuple[str, ...]:
    named = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in named:
        if name not in MODULES:
            raise SettingsError(
                f"OBSERVES_ZOHO_MODULES names {name[:50]!r}, for which Zoho's contract has no stream.",
                f"Modules are {', '.join(MODULES)}; another one wants a stream in the contract first.",
            )
    return named or MODULES
