"""``observes up``, ``down`` and ``set-up``: what stays running, and what the first run needs."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any

import typer

from observes_assets.cli.output import out, plain
from observes_assets.errors import ObservesError, SettingsError
from observes_assets.installation import Installation, require_home
from observes_assets.version import PACKAGE

_GRACE_SECONDS = 15


def set_up() -> None:
    """Start Postgres, make the tables, parse the dbt project. `observes run` does the same when needed.

    Roles and grants are made again even if they seem to be in place: so comes back what somebody took away.

    Example: observes set-up
    """
    from observes_assets.automation import dagster_home  # noqa: PLC0415 - only where it is needed
    from observes_assets.warehouse import dbt  # noqa: PLC0415

    installation = Installation.from_environment()
    require_home(installation.settings)
    installation.set_up(again=True)
    home = dagster_home.prepare(installation)
    dbt.ensure_manifest(installation.database_url)
    where = plain(installation.settings.home)
    out.print(f"{where} is ready. For plain dagster: export DAGSTER_HOME={plain(home)}", soft_wrap=True)


def up(
    port: Annotated[int, typer.Option(help="Port of the Dagster web UI.")] = 3000,
    docs_port: Annotated[int, typer.Option(help="Port of the dbt docs site.")] = 3001,
) -> None:
    """Serve the Dagster web UI, its daemon (schedules and sensors) and the dbt docs, until Ctrl-C.

    Example: observes up --port 3000
    """
    set_up()
    installation = Installation.from_environment()
    docs = _serve_docs(installation.settings.home / "docs", docs_port)
    out.print(f"Dagster  http://127.0.0.1:{port}\ndbt docs http://127.0.0.1:{docs_port}\nCtrl-C ends both.")
    workspace = ["-w", str(PACKAGE.parent / "workspace.yaml")]
    commands = [
        ["dagster-webserver", "-h", "127.0.0.1", "-p", str(port), *workspace],
        ["dagster-daemon", "run", *workspace],
    ]
    programs = Path(sys.executable).parent
    for number in (signal.SIGINT, signal.SIGTERM):
        # Set by hand: whoever started us in the background may have had SIGINT ignored.
        signal.signal(number, signal.default_int_handler)
    children = [subprocess.Popen([programs / name, *rest]) for name, *rest in commands]
    try:
        while all(child.poll() is None for child in children):
            time.sleep(0.5)
        raise ObservesError("The Dagster web UI or its daemon ended by itself.", "Its last words are above.")
    except KeyboardInterrupt:
        out.print("Ending …")
    finally:
        _end(children)
        docs.shutdown()


def _serve_docs(folder: Path, port: int) -> ThreadingHTTPServer:
    folder.mkdir(exist_ok=True)
    handler = partial(_QuietHandler, directory=os.fspath(folder))
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise SettingsError(
            f"Port {port} can't be used: {error.strerror}.", "Give another --docs-port."
        ) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: the terminal is Dagster's."""


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        try:
            child.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


def down() -> None:
    """Stop the embedded Postgres of this home.

    Example: observes down
    """
    installation = Installation.from_environment()
    if installation.server is None:
        raise SettingsError("OBSERVES_POSTGRES_URL names a server that is not ours to stop.")
    out.print("Stopped." if installation.server.stop() else "It was not running.")
