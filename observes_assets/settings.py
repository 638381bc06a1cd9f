"""The environment, read once and typed. Nothing else in Observes reads environment variables.

Exceptions, by nature: ``sources/git/credentials.py`` reads ``OBSERVES_GIT_<NAME>_…`` (the names come
from the portfolio), and boto3 reads AWS's own variables (``oath/known_secrets.py`` knows their names).
"""

from datetime import date
from functools import cached_property
from pathlib import Path

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from observes_assets.errors import SettingsError


class Settings(BaseSettings):
    """All settings, from the environment or ``.env`` in the working directory.

    Paths are made absolute. An empty value counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix="OBSERVES_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    home: Path = Field(
        default=Path(".observes"),
        description="Folder for all that Observes keeps on this machine; the sandbox's: .observes/sandbox.",
    )
    postgres_url: SecretStr | None = Field(
        default=None,
        description="postgresql://… of a server (17 or newer); default: the embedded server.",
    )
    dagster_postgres_url: SecretStr | None = Field(
        default=None,
        description="Dagster's own database; default: database observes_dagster of the same server.",
    )
    bucket_url: str | None = Field(
        default=None, description="s3://bucket/prefix or a folder; default: a folder in the home."
    )
    portfolio: Path | None = Field(
        default=None, description="The portfolio (YAML); default: a small local one, made once."
    )
    delivery: Path | None = Field(
        default=None,
        description="Which boards count, and how (YAML); default: the sandbox's own, else none.",
    )
    pseudonym_key: SecretStr | None = Field(
        default=None,
        description="Key of the pseudonyms, 32 characters or more; default: a 0600 file, made once.",
    )

    github_token: SecretStr | None = Field(
        default=None, description="Personal token for GitHub's API; or an App, by the next three."
    )
    github_app_id: str | None = Field(default=None, description="Id of the GitHub App that reads.")
    github_app_key_file: Path | None = Field(
        default=None, description="File with the App's private key (PEM)."
    )
    github_installation_id: int | None = Field(
        default=None, description="Id of the App's installation in the organization."
    )
    github_organizations: str = Field(
        default="", description="Organizations of which everything is read, separated by commas."
    )
    github_repositories: str = Field(
        default="", description="Single repositories to read, owner/name, separated by commas."
    )
    github_api_url: str = Field(
        default="https://api.github.com",
        description="REST API; GitHub Enterprise: https://host/api/v3.",
    )
    github_graphql_url: str = Field(
        default="https://api.github.com/graphql",
        description="GraphQL API; GitHub Enterprise: https://host/api/graphql.",
    )
    github_wait: float = Field(
        default=300,
        ge=0,
        description="Longest wait for a rate limit's reset, in seconds; above it the run stops cleanly.",
    )

    timedoctor_email: str | None = Field(
        default=None, description="E-mail of the TimeDoctor login that reads; an admin of the company."
    )
    timedoctor_password: SecretStr | None = Field(default=None, description="Its password.")
    timedoctor_totp_secret: SecretStr | None = Field(
        default=None, description="Base32 secret of its second factor, if it has one."
    )
    timedoctor_company: str | None = Field(
        default=None, description="Id of the company to read; default: the login's only one."
    )
    timedoctor_url: str = Field(
        default="https://api2.timedoctor.com", description="TimeDoctor's API, version 2."
    )
    timedoctor_start: date | None = Field(
        default=None,
        description="First day (UTC, YYYY-MM-DD) that may not be missing; default: as the tail reaches.",
    )
    timedoctor_reread_days: int = Field(
        default=35, ge=1, description="The re-read tail: so many days back each day is read again, daily."
    )
    timedoctor_memory_days: int = Field(
        default=90,
        ge=1,
        description="So many days back TimeDoctor's plan remembers; what is older comes from the archive.",
    )

    zoho_client_id: str | None = Field(default=None, description="Id of the client that reads Zoho CRM.")
    zoho_client_secret: SecretStr | None = Field(default=None, description="Secret of that client.")
    zoho_refresh_token: SecretStr | None = Field(
        default=None, description="Refresh token that a user of Zoho CRM gave to that client."
    )
    zoho_accounts_url: str = Field(
        default="https://accounts.zoho.com",
        description="Accounts server of a data centre: .com, .eu, .in, .com.au, .jp, .com.cn, zohocloud.ca.",
    )
    zoho_modules: str = Field(
        default="",
        description="Modules of Zoho CRM to read, by API name, separated by commas; default: all sixteen.",
    )
    zoho_wait: float = Field(
        default=600,
        ge=0,
        description="Longest wait of a run for Zoho's exports, in seconds; later ones are taken by the next.",
    )

    sandbox_clock: AwareDatetime | None = Field(
        default=None,
        description="Moment that the sandbox's company has reached, ISO 8601; default: this hour.",
    )

    notify_urls: SecretStr | None = Field(
        default=None,
        description="Apprise URLs that are told of warnings and incidents, separated by spaces.",
    )
    on_call_urls: SecretStr | None = Field(
        default=None, description="Apprise URLs that are told of incidents only, such as a pager."
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="Dead-man switch, fetched after each good evaluation while the timetable lives.",
    )
    runbook_url: str = Field(
        default="docs/runbook.md", description="Where people who are notified can read the runbook."
    )
    web_url: str | None = Field(
        default=None, description="Where they reach the Dagster web UI, http://…; default: run ids only."
    )

    def model_post_init(self, _context: object) -> None:
        """Make paths absolute, and give the sandbox a home of its own."""
        if self.is_sandbox and "home" not in self.model_fields_set:
            self.home = self.home / "sandbox"
        self.home = self.home.expanduser().absolute()
        if self.portfolio is not None:
            self.portfolio = self.portfolio.expanduser().absolute()
        if self.delivery is not None:
            self.delivery = self.delivery.expanduser().absolute()

    @property
    def real_vendors(self) -> list[str]:
        """The variables that are set and name a vendor outside."""
        names = ["portfolio", "github_token", "github_app_id", "github_organizations", "github_repositories"]
        names += ["timedoctor_email", "zoho_client_id", "zoho_refresh_token"]
        return [f"OBSERVES_{name.upper()}" for name in names if getattr(self, name)]

    @property
    def is_sandbox(self) -> bool:
        """Whether nobody outside is named, so that the sandbox's company is read."""
        return not self.real_vendors

    @cached_property
    def bucket(self) -> str:
        """The bucket's URL, ``s3://…`` or an absolute path."""
        if self.bucket_url and self.bucket_url.startswith("s3://"):
            return self.bucket_url
        if self.bucket_url and "://" in self.bucket_url.removeprefix("file://"):
            raise SettingsError(
                f"OBSERVES_BUCKET_URL has the unknown scheme {self.bucket_url.split('://')[0]!r}.",
                "Use s3://bucket/prefix or a folder.",
            )
        folder = self.bucket_url.removeprefix("file://") if self.bucket_url else ""
        return str(Path(folder).expanduser().absolute()) if folder else str(self.home / "bucket")

    @property
    def mirrors(self) -> Path:
        """Where git mirrors live on this machine."""
        return self.home / "mirrors"

    @property
    def dagster_home(self) -> Path:
        """``DAGSTER_HOME``."""
        return self.home / "dagster"


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a variable has a value of the wrong kind; names the variable, not the value.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(f"OBSERVES_{name}: {first['msg']}.") from None
