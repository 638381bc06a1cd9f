"""The dbt program that builds: it dies with its parent, and its sessions carry the build's token.

Installed as ``observes-dbt``. Linux kills it when the thread that started it is gone, so an orphan rarely
exists; the database fences off the one that does (``landing.hold_build``).
"""

import ctypes
import os
import signal
import sys

from observes_assets.lasting import lasting, leave_all

SESSION_OPTIONS = "OBSERVES_DBT_PGOPTIONS"
PARENT = "OBSERVES_DBT_PARENT"
DOCS = "OBSERVES_DBT_DOCS"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run dbt with this process's arguments."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if str(os.getppid()) != os.environ.get(PARENT):
        sys.exit("observes-dbt was orphaned before it began, or was started by hand: run `observes run`.")
    # Set here and not by the parent: Dagster's own connections in the parent must not carry them.
    os.environ["PGOPTIONS"] = os.environ.get(SESSION_OPTIONS, "-c TimeZone=UTC")

    with lasting():
        from dbt.cli.main import dbtRunner  # noqa: PLC0415 - two seconds, after the check above

    done = dbtRunner().invoke(sys.argv[1:])
    if done.success and (docs := os.environ.get(DOCS)):
        # In this process, since a new one would need five more seconds to import dbt.
        done = dbtRunner().invoke(["--quiet", "docs", "generate", "--no-compile", "--target-path", docs])
    leave_all()
    sys.exit(0 if done.success else 1)


if __name__ == "__main__":
    main()
