"""What a command that changes something does first: everything is in place, and nobody else is at it."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from observes_assets.cli.output import err, plain
from observes_assets.errors import BusyError
from observes_assets.installation import Installation, require_home
from observes_assets.postgres import locks
from observes_assets.postgres.roles import LOADER


def set_up() -> Installation:
    """The environment's installation, with its servers, databases and tables.

    Raises:
        SettingsError: a setting is wrong, or the home can't be written.
    """
    installation = Installation.from_environment()
    require_home(installation.settings)
    installation.set_up()
    return installation


@contextmanager
def only_run(installation: Installation, *, wait: bool) -> Iterator[None]:
    """One ``observes run`` at a time; says for whom it waits."""
    purpose = f"run, process {os.getpid()} on {socket.gethostname()}"
    with installation.connect(purpose, role=LOADER) as connection, ExitStack() as held:
        try:
            held.enter_context(
                locks.session_lock(connection, locks.RUN, wait=False, what="This installation")
            )
        except BusyError as busy:
            if not wait:
                raise
            err.print(f"{plain(busy.message)} Waiting …", soft_wrap=True)
            held.enter_context(locks.session_lock(connection, locks.RUN))
        yield
