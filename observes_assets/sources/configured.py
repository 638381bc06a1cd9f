"""Which sources nobody has configured: their tables stay empty, which is no failure."""

from observes_assets.settings import Settings

_TOKEN = "OBSERVES_GITHUB_TOKEN"  # noqa: S105 - the variable's name


def unconfigured(settings: Settings) -> dict[str, str]:
    """Sources without credentials, each with what is missing. A sandbox has its own vendors."""
    if settings.is_sandbox:
        return {}
    reason = lacks_github(settings)
    return {"github": reason} if reason else {}


def lacks_github(settings: Settings) -> str | None:
    """What GitHub lacks to be read; None if all is there."""
    if settings.github_token is None and settings.github_app_id is None:
        return f"neither {_TOKEN} nor OBSERVES_GITHUB_APP_ID is set"
    if not (settings.github_organizations or settings.github_repositories):
        return "neither OBSERVES_GITHUB_ORGANIZATIONS nor OBSERVES_GITHUB_REPOSITORIES is set"
    return None
