"""A sign of life for a dead-man switch, which tells people when it stays away."""

from observes_assets.settings import Settings

_SECONDS = 10


def beat(settings: Settings) -> bool | None:
    """Fetch the switch's URL; whether it answered well. None: no URL is set.

    The URL is a secret of its own, so nothing of a failure but that it happened is told.
    """
    if settings.heartbeat_url is None:
        return None
    import requests  # noqa: PLC0415 - a tenth of a second, and rarely needed

    try:
        return requests.get(settings.heartbeat_url.get_secret_value(), timeout=_SECONDS).ok
    except requests.RequestException:
        return False
