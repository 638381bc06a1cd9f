"""The environment, read once and typed. Nothing else in Observes reads environment variables.

Exceptions, by nature: ``sources/git/credentials.py`` reads ``OBSERVES_GIT_<NAME>_…`` (the names come
from the portfolio), and boto3 reads AWS's own variables.
"""

from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
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
        description="Folder for everything that Observes keeps on this machine.",
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
    pseudonym_key: SecretStr | None = Field(
        default=None,
        description="Key of the pseudonyms, 32 characters or more; default: a 0600 file, made once.",
    )

    def model_post_init(self, _context: object) -> None:
        """Make paths absolute."""
        self.home = self.home.expanduser().absolute()
        if self.portfolio is not None:
            self.portfolio = self.portfolio.expanduser().absolute()

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
