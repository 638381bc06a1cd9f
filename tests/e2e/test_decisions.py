"""A batch that breaks its contract, from the run that refuses it to the person who ends that."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from observes_assets import contracts
from observes_assets.archive import Archive, Manifest
from observes_assets.bucket import open_bucket
from tests.e2e.conftest import Home, Repository, portfolio, this_month

pytestmark = pytest.mark.timeout(3600)
VERSIONS = "select record_key, load_id, superseded_by from landing.git__commits order by 1"


@pytest.fixture
def home(new_home: Callable[..., Home], tmp_path: Any) -> Home:
    organizations = {}
    for name in ("acme", "globex"):
        repository = Repository.make(tmp_path / name)
        for number in (1, 2):
            repository.commit(f"{number}", at=this_month(number), who=f"Ann <ann@{name}.example>")
        entry = {"nickname": name, "url": str(repository.path), "branch": "main"}
        organizations[name] = {f"{name}-web": [entry]}
    home = new_home(OBSERVES_PORTFOLIO=str(portfolio(tmp_path, organizations)))
    home.run()
    return home


def archive_bad_batch(home: Home) -> Manifest:
    """A batch of acme's commits as another version of our program might write it: one record is broken."""
    archive = Archive(open_bucket(str(home.bucket)), code_version="test")
    (repository_id,) = home.ask(
        "select distinct repository_id from warehouse.repositories where organization_name = 'acme'"
    )
    scope = {"repository_id": repository_id, "branch": "main"}
    listed = [manifest for manifest, _ in archive.listing("git", "commits", after=0)]
    last = [manifest for manifest in listed if manifest.scope == scope][-1]
    ((sha, record),) = home.ask("select record ->> 'sha', record from raw_git.commits limit 1")
    with archive.draft() as draft:
        draft.add(record | scope | {"sha": sha[::-1], "insertions": "many"})
        return archive.write(
            draft,
            contract=contracts.load("git"),
            stream="commits",
            scope=scope,
            kind="differential",
            previous=last.batch,
            last_number=listed[-1].batch,
            extracted_from=datetime.now(UTC),
            cursor_before=last.cursor_after,
            cursor_after=last.cursor_after,
        )


def test_a_refused_batch_waits_for_a_person(home: Home) -> None:
    number = archive_bad_batch(home).batch
    before = home.ask(VERSIONS)

    document = home.run_json("run", code=1)
    assert [one["batch"] for one in document["refused_batches"]] == [number]
    (refused,) = home.json("batch", "list", "--state", "refused")
    assert (refused["batch"], refused["reason"]) == (number, "1 of 1 records break the contract, 0 may")
    shown = home.json("batch", "show", "git", "commits", str(number))
    assert shown["samples"][0]["path"] == "$.insertions"
    assert "many" not in json.dumps(shown)
    assert "$.insertions" in home.call("batch", "show", "git", "commits", str(number)).stdout
    assert home.json("status")["streams"][1]["refused_batches"] == 1
    assert "is refused" in json.dumps(_summary(home)), "acme's bills must say what stops them"
    assert home.json("quarantine", "list") == []
    assert home.ask(VERSIONS) == before

    home.call("batch", "accept", "git", "commits", str(number), "--why", "known")
    assert (
        "was decided before"
        in home.call("batch", "reject", "git", "commits", str(number), "--why", "no", code=2).stderr
    )
    document = home.run_json("run")
    assert document["refused_batches"] == []
    (record,) = home.json("quarantine", "list")
    assert (record["batch"], record["line"], record["path"]) == (number, 1, "$.insertions")
    line = home.call("quarantine", "show", "git", "commits", str(number), "1")
    assert json.loads(line.stdout)["insertions"] == "many"

    second = archive_bad_batch(home).batch
    home.run("run", code=1)
    home.call("batch", "reject", "git", "commits", str(second), "--why", "not again")
    assert home.run_json("run")["refused_batches"] == []
    query = """
        select state, manifest -> 'makes_up_for' from landing.batches
        where stream = 'commits' and batch >= %s order by batch
    """
    states = [("landed", []), ("rejected", []), ("landed", [second])]
    assert home.ask(query, [number]) == states
    assert home.ask(VERSIONS) == before
    assert "is refused" not in json.dumps(_summary(home))


def _summary(home: Home) -> Any:
    return json.loads(max(home.bucket.glob("bills/*/*/summary.json")).read_bytes())
