"""Dagster's way to the installation. Nothing is opened before an asset asks."""

from dagster import ConfigurableResource
from pydantic import PrivateAttr

from observes_assets.installation import Installation, require_home


class InstallationResource(ConfigurableResource):  # type: ignore[type-arg]
    """The installation of the environment, set up once a process."""

    _opened: Installation | None = PrivateAttr(default=None)

    def open(self) -> Installation:
        """The installation, with its tables, roles and identity in place."""
        if self._opened is None:
            installation = Installation.from_environment()
            require_home(installation.settings)
            installation.set_up()
            self._opened = installation
        return self._opened
