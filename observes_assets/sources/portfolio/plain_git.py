"""Run git for the default portfolio: same result on every machine, whatever its user has configured.

Mirrors, credentials and history are the git source's; nothing here talks to a network.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from observes_assets.errors import SettingsError

# Without it git refuses to look at a checkout that belongs to another user, as in most containers.
_CONFIG = "[safe]\n\tdirectory = *\n"


def git(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run one git command in a folder, with no configuration but ours, no hooks and no prompts.

    The caller looks at ``returncode``.

    Raises:
        SettingsError: git is not installed, or does not answer.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as config:
        config.write(_CONFIG)
        config.flush()
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": tempfile.gettempdir(),
            "GIT_CONFIG_GLOBAL": config.name,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_DEFAULT_HASH": "sha1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }
        try:
            return subprocess.run(
                ["git", "-C", os.fspath(folder), "-c", "core.hooksPath=/dev/null", *arguments],
                input=stdin,
                env=environment,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="surrogateescape",
                timeout=60,
            )
        except FileNotFoundError:
            raise SettingsError("git is not installed.", "Install git 2.30 or newer.") from None
        except subprocess.TimeoutExpired:
            raise SettingsError(f"git {arguments[0]} did not end within a minute.") from None


def require(result: subprocess.CompletedProcess[str]) -> str:
    """Return what git printed.

    Raises:
        SettingsError: git failed; says what git said last.
    """
    if result.returncode:
        said = result.stderr.strip().splitlines() or ["nothing"]
        raise SettingsError(f"The default portfolio cannot be made: git said: {said[-1]}.")
    return result.stdout
