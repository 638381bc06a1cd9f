"""``DAGSTER_HOME``: where Dagster finds its storage, which is another database of the same server."""

import os
from pathlib import Path

import yaml

from observes_assets.installation import Installation

URL_VARIABLE = "OBSERVES_DAGSTER_POSTGRES_URL"


def prepare(installation: Installation) -> Path:
    """Write ``dagster.yaml`` and point this process at it; returns the folder.

    The embedded server's URL is written down (its password lies in the home anyway, the file is 0600), so
    that a plain ``dagster dev`` works too. Another server's URL is named by its variable only.
    """
    home = installation.settings.dagster_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    url = installation.dagster_url
    document = {
        "storage": {"postgres": {"postgres_url": url if installation.server else {"env": URL_VARIABLE}}},
        "telemetry": {"enabled": False},
        # Captured output would hold what programs print about people, and takes the terminal away from us.
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
        "run_monitoring": {"enabled": True},
        "nux": {"enabled": False},
    }
    path = home / "dagster.yaml"
    text = yaml.safe_dump(document, sort_keys=True)
    if not path.exists() or path.read_text() != text:
        aside = home / ".dagster.yaml-next"
        aside.touch(mode=0o600)
        aside.write_text(text)
        aside.replace(path)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ[URL_VARIABLE] = url
    return home
