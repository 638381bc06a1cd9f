"""Run dbt: which project, which server, which results."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from observes_assets.errors import ObservesError
from observes_assets.postgres.roles import BUILDER
from observes_assets.postgres.url import parts
from observes_assets.version import DBT_PROJECT
from observes_assets.warehouse.build import CheckResult
from observes_assets.warehouse.dbt_process import DOCS, PARENT, SESSION_OPTIONS
from observes_assets.warehouse.gate import is_blocking

MANIFEST = DBT_PROJECT / "target" / "manifest.json"
EXECUTABLE = str(Path(sys.executable).with_name("observes-dbt"))
_SETTINGS = {
    "DBT_PROFILES_DIR": str(DBT_PROJECT),
    "DBT_PROJECT_DIR": str(DBT_PROJECT),
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
}
_PARSED = "partial_parse.msgpack"
_KEPT_FAILURES = 3  # folders of failed builds, with dbt's own log, three megabytes each
_MADE_FROM = DBT_PROJECT / "target" / "made_from.sha256"


def environment(database_url: str, *, token: str, target: Path) -> dict[str, str]:
    """The whole environment of the dbt that builds; holds a password, so it is for that child only.

    Args:
        token: of the build; every session of dbt carries it, and has the builder's rights only.
        target: the invocation's folder.
    """
    options = {"TimeZone": "UTC", "role": BUILDER, "observes.build": token}
    return {
        **os.environ,
        **_SETTINGS,
        **_server(database_url),
        SESSION_OPTIONS: " ".join(f"-c {name}={value}" for name, value in options.items()),
        PARENT: str(os.getpid()),
        DOCS: str(target / "docs"),
        "DBT_LOG_FORMAT": "json",
        "DBT_LOG_PATH": str(target),
        "DBT_TARGET_PATH": str(target),
        "PYTHONUNBUFFERED": "1",
    }


def _server(database_url: str) -> dict[str, str]:
    server = parts(database_url)
    return {
        **{f"PG{name.upper()}": value for name, value in server.options.items() if name.startswith("ssl")},
        "OBSERVES_DBT_HOST": server.host,
        "OBSERVES_DBT_PORT": str(server.port),
        "OBSERVES_DBT_USER": server.user,
        "OBSERVES_DBT_PASSWORD": server.password,
        "OBSERVES_DBT_DBNAME": server.database,
    }


def ensure_manifest(database_url: str | None = None) -> Path:
    """Parse the dbt project if it changed since it was parsed last; returns the manifest's path.

    Args:
        database_url: the server of the next build. dbt parses anew for another one.

    Raises:
        ObservesError: dbt can't parse the project.
    """
    wanted = _project_sha256()
    MANIFEST.parent.mkdir(exist_ok=True)
    # Installations may share one checkout; the second one waits, and finds the project parsed.
    with _MADE_FROM.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not MANIFEST.exists() or not _MADE_FROM.exists() or _MADE_FROM.read_text() != wanted:
            _parse(_server(database_url) if database_url else {})
            _MADE_FROM.write_text(wanted)
    return MANIFEST


def _parse(server: Mapping[str, str]) -> None:
    variables = {**_SETTINGS, **server, PARENT: str(os.getpid())}
    found = subprocess.run(
        # What dbt parsed before is no help: it loses the settings of a test whose SQL has changed since.
        [EXECUTABLE, "--quiet", "--no-partial-parse", "parse"],
        cwd=DBT_PROJECT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        lines = [line for line in (found.stdout + found.stderr).splitlines() if line.strip()]
        raise ObservesError(f"dbt can't parse the project: {' '.join(lines[-5:])}")


def prepare_target(target: Path) -> None:
    """Make the folder of one invocation, with what dbt parsed before, if possible for this very server.

    Call it under the lock of the build: it removes what older failed builds left.
    """
    # What a database says of a row that it refuses may name a person, and dbt logs it.
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.parent.chmod(0o700)
    _forget_old_failures(target.parent)
    docs = target / "docs"
    docs.mkdir(parents=True)
    for folder in (target, docs):
        shutil.copy(MANIFEST, folder)
        shutil.copy(_parsed_last(target), folder / _PARSED)


def _parsed_last(target: Path) -> Path:
    """What the last invocation of this server parsed, unless the project has changed since."""
    ours, everybodys = target.with_name(_PARSED), MANIFEST.with_name(_PARSED)
    is_new = ours.exists() and ours.stat().st_mtime >= everybodys.stat().st_mtime
    return ours if is_new else everybodys


def _forget_old_failures(folder: Path) -> None:
    left = sorted(filter(Path.is_dir, folder.iterdir()), key=lambda one: one.stat().st_mtime)
    for one in left[:-_KEPT_FAILURES]:
        shutil.rmtree(one, ignore_errors=True)


def forget_target(target: Path) -> None:
    """Remove the folder of an invocation, but not what it parsed: four seconds of the next one."""
    shutil.move(target / _PARSED, target.with_name(_PARSED))
    shutil.rmtree(target)


def keep_docs(target: Path, folder: Path) -> None:
    """Move the docs site that the invocation made to where it is served from: three files."""
    folder.mkdir(exist_ok=True)
    for name in ("manifest.json", "catalog.json", "index.html"):
        made = target / "docs" / name
        if not made.exists():
            raise ObservesError(f"dbt did not write {name} of its docs.", f"See {target / 'dbt.log'}.")
        shutil.move(made, folder / name)


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
        raise ObservesError(f"{MANIFEST} is missing.", "Run `observes set-up`: it parses the dbt project.")
    manifest = orjson.loads(MANIFEST.read_bytes())
    # Unit tests are no assets, and dagster-dbt would spend a second on hydrating them.
    maps = {name: _without_unit_tests(manifest[name]) for name in ("child_map", "parent_map")}
    return {**manifest, **maps, "unit_tests": {}}


def _without_unit_tests(neighbours: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {
        node: [one for one in others if not one.startswith("unit_test.")]
        for node, others in neighbours.items()
        if not node.startswith("unit_test.")
    }


def marts(manifest: Mapping[str, Any]) -> list[str]:
    """Names of the marts."""
    return [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    ]


def public_columns(manifest: Mapping[str, Any], mart: str) -> list[str]:
    """Columns of a mart that hold nobody's personal data."""
    node = next(one for one in manifest["nodes"].values() if one["name"] == mart)
    return [
        name
        for name, column in node["columns"].items()
        if column["config"]["meta"].get("classification") != "personal"
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
        is_blocking=is_blocking(node),
        status=found["status"] if found else "skipped",
        failures=(found or {}).get("failures"),
        message=message or None,
    )
