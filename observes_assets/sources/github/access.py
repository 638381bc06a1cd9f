"""Who we are to GitHub: a personal token or an App's installation, from the settings."""

from collections.abc import Callable
from dataclasses import dataclass, field

from github.Auth import AppAuth, AppInstallationAuth, Auth, Token

from observes_assets.errors import SettingsError
from observes_assets.settings import Settings
from observes_assets.sources.configured import lacks_github

_TOKEN, _KEY = "OBSERVES_GITHUB_TOKEN", "OBSERVES_GITHUB_APP_KEY_FILE"


@dataclass(frozen=True)
class Access:
    """How to reach GitHub, and what of it to read. ``make_auth`` never shows what it holds."""

    make_auth: Callable[[], Auth] = field(repr=False)
    is_app: bool
    api_url: str
    graphql_url: str
    wait_seconds: float
    organizations: tuple[str, ...]
    repositories: tuple[str, ...]


def read(settings: Settings) -> Access | None:
    """The access that the settings describe; None if GitHub is not configured.

    Raises:
        SettingsError: they contradict themselves, or a file or a name in them is unusable.
    """
    if lacks_github(settings):
        return None
    if settings.github_token and settings.github_app_id:
        raise SettingsError(f"{_TOKEN} and OBSERVES_GITHUB_APP_ID are both set.", "Unset one of them.")
    if settings.github_token:
        token = settings.github_token.get_secret_value()
        make_auth: Callable[[], Auth] = lambda: Token(token)  # noqa: E731 - typed
    else:
        make_auth = _app(settings)
    return Access(
        make_auth,
        is_app=settings.github_app_id is not None,
        api_url=_url("API", settings.github_api_url),
        graphql_url=_url("GRAPHQL", settings.github_graphql_url),
        wait_seconds=settings.github_wait,
        organizations=_names(settings.github_organizations, "OBSERVES_GITHUB_ORGANIZATIONS", slashes=0),
        repositories=_names(settings.github_repositories, "OBSERVES_GITHUB_REPOSITORIES", slashes=1),
    )


def _app(settings: Settings) -> Callable[[], Auth]:
    app, installation, path = (
        settings.github_app_id,
        settings.github_installation_id,
        settings.github_app_key_file,
    )
    if installation is None or path is None:
        raise SettingsError(
            "OBSERVES_GITHUB_APP_ID is set, but not OBSERVES_GITHUB_INSTALLATION_ID and " + _KEY + ".",
            "Set all three, or use OBSERVES_GITHUB_TOKEN.",
        )
    try:
        key = path.expanduser().read_text()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{_KEY} names {path}, which can't be read.", "Check its rights.") from None
    if "PRIVATE KEY" not in key:
        raise SettingsError(
            f"{_KEY} names {path}, which holds no private key in PEM format.",
            "Use the file that GitHub gave when the App's key was made.",
        )
    return lambda: AppInstallationAuth(AppAuth(str(app), key), installation)


def _url(name: str, url: str) -> str:
    if not url.startswith(("https://", "http://")) or "@" in url:
        raise SettingsError(f"OBSERVES_GITHUB_{name}_URL must be an http(s) URL without credentials.")
    return url.rstrip("/")


def _names(text: str, variable: str, *, slashes: int) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    for name in names:
        if (
            name.count("/") != slashes
            or not name.replace("/", "").replace("-", "").replace("_", "").replace(".", "").isalnum()
        ):
            form = "organization,other" if not slashes else "owner/repository,owner/other"
            raise SettingsError(f"{variable} holds an entry that is no name.", f"Write it as {form}.")
    return names
