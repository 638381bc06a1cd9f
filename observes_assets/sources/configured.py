"""Which sources nobody has configured: their tables stay empty, which is no failure."""

from observes_assets.settings import Settings

_TOKEN = "OBSERVES_GITHUB_TOKEN"  # noqa: S105 - the variable's name


def unconfigured(settings: Settings) -> dict[str, str]:
    """Sources without credentials, each with what is missing. A sandbox has its own vendors."""
    if settings.is_sandbox:
        return {}
    reasons = {
        "github": lacks_github(settings),
        "timedoctor": lacks_timedoctor(settings),
        "zoho": lacks_zoho(settings),
    }
    return {source: reason for source, reason in reasons.items() if reason}


def lacks_github(settings: Settings) -> str | None:
    """What GitHub lacks to be read; None if all is there."""
    if settings.github_token is None and settings.github_app_id is None:
        return f"neither {_TOKEN} nor OBSERVES_GITHUB_APP_ID is set"
    if not (settings.github_organizations or settings.github_repositories):
        return "neither OBSERVES_GITHUB_ORGANIZATIONS nor OBSERVES_GITHUB_REPOSITORIES is set"
    return None


def lacks_zoho(settings: Settings) -> str | None:
    """What Zoho CRM lacks to be read; None if all is there."""
    needed = ("zoho_client_id", "zoho_client_secret", "zoho_refresh_token")
    missing = [f"OBSERVES_{name.upper()}" for name in needed if getattr(settings, name) is None]
    return f"not set: {', '.join(missing)}" if missing else None


def lacks_timedoctor(settings: Settings) -> str | None:
    """What TimeDoctor lacks to be read; None if all is there."""
    needed = ("timedoctor_email", "timedoctor_password")
    missing = [f"OBSERVES_{name.upper()}" for name in needed if getattr(settings, name) is None]
    return f"not set: {', '.join(missing)}" if missing else None
