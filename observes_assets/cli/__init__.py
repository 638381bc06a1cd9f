"""``observes``: a convenience over the Dagster graph, and the questions that people ask of the warehouse.

One module a group of commands, imported when one of them is called; ``run`` is the only one that imports
Dagster, since that costs six seconds.
Exit codes: 0 all is well, 1 something failed, 2 usage or settings, 75 somebody else is at it, 130 Ctrl-C.
"""

import sys

from observes_assets.lasting import leave_all

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; Ctrl-C is one line, even while the program is still being loaded."""
    try:
        from observes_assets.cli.app import main as run  # noqa: PLC0415 - a tenth of a second, not yet covered

        run()
    except KeyboardInterrupt:
        sys.exit(_interrupted())
    except SystemExit as ended:
        # Typer has caught it by then, and said nothing.
        sys.exit(_interrupted() if ended.code == _INTERRUPTED else ended.code)
    finally:
        leave_all()


def _interrupted() -> int:
    sys.stderr.write("observes: Interrupted; the next run goes on from here.\n")
    return _INTERRUPTED
