"""Run dbt: which project, which server, which results."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from observes_assets.errors import ObservesError
from observes_assets.postgres.roles import BUILDER
from observes_assets.postgres.url import parts
from observes_assets.version import DBT_PROJECT
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.dbt_process import PARENT, SESSION_OPTIONS

MANIFEST = DBT_PROJECT / "target" / "manifest.json"
EXECUTABLE = str(Path(sys.executable).with_name("observes-dbt"))
_MADE_FROM = DBT_PROJECT / "target" / "made_from.sha256"


def environment(database_url: str, *, token: str | None) -> dict[str, str]:
    """What dbt's profile and sessions need; holds a password, for a child's environment only."""
    target = parts(database_url)
    options = {"TimeZone": "UTC", "role": BUILDER} | ({"observes.build": token} if token else {})
    return {
        "OBSERVES_DBT_HOST": target.host,
        "OBSERVES_DBT_PORT": str(target.port),
        "OBSERVES_DBT_USER": target.user,
        "OBSERVES_DBT_PASSWORD": target.password,
        "OBSERVES_DBT_DBNAME": target.database,
        **{f"PG{name.upper()}": value for name, value in target.options.items() if name.startswith("ssl")},
        SESSION_OPTIONS: " ".join(f"-c {name}={value}" for name, value in options.items()),
        PARENT: str(os.getpid()),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the block; dagster-dbt hands its own environment to its child."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def ensure_manifest() -> Path:
    """Parse the dbt project if it changed since it was parsed last; returns the manifest's path.

    Raises:
        ObservesError: dbt can't parse the project.
    """
    wanted = _project_sha256()
    if MANIFEST.exists() and _MADE_FROM.exists() and _MADE_FROM.read_text() == wanted:
        return MANIFEST
    _run(["parse"], {PARENT: str(os.getpid()), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"})
    _MADE_FROM.write_text(wanted)
    return MANIFEST


def generate_docs(database_url: str, folder: Path) -> None:
    """Write the dbt docs site of the candidate into a folder: three files, swapped in at the end.

    Raises:
        ObservesError: dbt could not.
    """
    target = folder.with_name(f".{folder.name}-next")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name in ("manifest.json", "partial_parse.msgpack"):
        shutil.copy(MANIFEST.with_name(name), target)
    variables = environment(database_url, token=None)
    _run(["docs", "generate", "--no-compile", "--target-path", str(target)], variables)
    folder.mkdir(exist_ok=True)
    for name in ("manifest.json", "catalog.json", "index.html"):
        (target / name).replace(folder / name)
    shutil.rmtree(target)


def _run(arguments: list[str], variables: Mapping[str, str]) -> None:
    found = subprocess.run(
        [EXECUTABLE, "--quiet", *arguments, "--profiles-dir", str(DBT_PROJECT)],
        cwd=DBT_PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        lines = [line for line in (found.stdout + found.stderr).splitlines() if line.strip()]
        raise ObservesError(f"dbt {arguments[0]} failed: {' '.join(lines[-5:])}")


def _project_sha256() -> str:
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        inside = path.relative_to(DBT_PROJECT)
        if path.is_file() and inside.parts[0] not in {"target", "logs"}:
            digest.update(f"{inside}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def read_manifest() -> dict[str, Any]:
    """The parsed project.

    Raises:
        ObservesError: it was never parsed.
    """
    if not MANIFEST.exists():
        raise ObservesError(f"{MANIFEST} is missing.", "Run `make setup` once; it parses the dbt project.")
    return dict(orjson.loads(MANIFEST.read_bytes()))


def marts(manifest: Mapping[str, Any]) -> list[str]:
    """Names of the marts."""
    return [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    ]


def results(target_path: Path, manifest: Mapping[str, Any]) -> list[CheckResult]:
    """What became of every node that the build had to run; one that dbt never reached counts as skipped."""
    path = target_path / "run_results.json"
    found = (
        {one["unique_id"]: one for one in orjson.loads(path.read_bytes())["results"]} if path.exists() else {}
    )
    return [
        _result(node, found.get(name))
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "test"}
    ]


def _result(node: Mapping[str, Any], found: Mapping[str, Any] | None) -> CheckResult:
    # A database's message may quote a row after its first lines, so only those are kept.
    message = " ".join(((found or {}).get("message") or "").splitlines()[:2])[:300]
    return CheckResult(
        name=node["name"],
        is_blocking=node["resource_type"] == "model"
        or node["config"].get("severity", "ERROR").upper() == "ERROR",
        status=found["status"] if found else "skipped",
        failures=(found or {}).get("failures"),
        message=message or None,
    )
