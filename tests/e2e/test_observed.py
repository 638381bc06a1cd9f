"""The README's scenario for rule ``observed``: run, commit, run again. And what keeps first-seen dates."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Home, Repository, portfolio, this_month

ANN, BO, CY, DEE = (f"{name} <{name.lower()}@acme.example>" for name in ("Ann", "Bo", "Cy", "Dee"))


def owed(home: Home) -> dict[str, tuple[int, str]]:
    document = home.json("bills")
    assert document["rule"] == "observed"
    (acme,) = document["organizations"]
    total = {"acme": (acme["authors"], acme["amount"])}
    return total | {group["name"]: (group["authors"], group["amount"]) for group in acme["groups"]}


def first_seen(home: Home) -> dict[tuple[str, str], Any]:
    rows = home.ask("select repository_id, commit_sha, seen_at from warehouse.commits where branch = 'main'")
    return {(repository, sha): seen_at for repository, sha, seen_at in rows}


def entry(repository: Repository, **more: Any) -> dict[str, Any]:
    return {"nickname": repository.path.name, "url": str(repository.path), "branch": "main"} | more


@pytest.mark.timeout(3600)
def test_what_is_new_is_owed_and_no_change_of_the_portfolio_makes_anything_new(
    new_home: Callable[..., Home], tmp_path: Path
) -> None:
    web, api, tools, old = (Repository.make(tmp_path / name) for name in ("web", "api", "tools", "old"))
    for repository in (web, api, tools, old):
        repository.commit("history", at=this_month(1), who=ANN)
    api.git("branch", "next")
    empty = Repository.make(tmp_path / "empty")
    groups = {
        "storefront": [entry(web), entry(tools)],
        "backoffice": [entry(api), entry(old)],
        "labs": [entry(empty)],
    }
    path = portfolio(tmp_path, {"acme": groups}, rule="observed")
    home = new_home(OBSERVES_PORTFOLIO=str(path))

    # History is never billed, although its commits are of this month.
    home.run()
    assert "empty" in home.ask("select outcome from warehouse.repositories")
    nothing = (0, "0.00")
    assert owed(home) == {"acme": nothing, "backoffice": nothing, "labs": nothing, "storefront": nothing}

    # Committed long ago by its own account, and seen now.
    proof = web.commit("new", at="2020-01-01T00:00:00+00:00", who=ANN)
    rewritten = tools.commit("tool", at=this_month(2), who=CY)
    old.commit("last", at=this_month(3), who=DEE)
    api.git("checkout", "--quiet", "next")
    api.commit("unseen branch", at=this_month(4), who=BO)
    text = home.run()
    assert "Release 2 is on show" in text
    assert owed(home) == {
        "acme": (3, "297.00"), "backoffice": (1, "99.00"), "labs": nothing, "storefront": (2, "198.00"),
    }  # fmt: skip
    explained = home.json("bills", "explain", "ann@acme.example")
    assert proof in json.dumps(explained)
    seen = first_seen(home)

    # All at once: moved to another group under another name, re-pointed, rewritten, taken out.
    groups = {
        "storefront": [entry(tools)],
        "backoffice": [entry(api, branch="next")],
        "labs": [entry(empty), entry(web, nickname="shop")],
    }
    portfolio(tmp_path, {"acme": groups}, rule="observed")
    web.commit("newer", at=this_month(5), who=BO)
    (tools.path / "tool.txt").write_text("rewritten\n")
    tools.git("add", "--all")
    date = this_month(6)
    tools.git("commit", "--quiet", "--amend", "--no-edit", GIT_COMMITTER_DATE=date,
              GIT_COMMITTER_NAME="Cy", GIT_COMMITTER_EMAIL="cy@acme.example")  # fmt: skip
    assert tools.git("rev-parse", "HEAD") != rewritten
    home.run()
    now = first_seen(home)
    assert {key: now[key] for key in seen} == seen
    assert home.ask("select count(distinct repository_id) from warehouse.commits") == [4]
    query = "select is_reachable from warehouse.commits where commit_sha = %s"
    assert home.ask(query, [rewritten]) == [False]
    # Bo's commit on `next` was there when that branch was added; his commit on the moved repository is new.
    # Ann stays where her commit was first seen, Cy counts once, Dee's repository keeps its commits.
    assert owed(home) == {
        "acme": (4, "396.00"), "backoffice": (1, "99.00"), "labs": (1, "99.00"), "storefront": (2, "198.00"),
    }  # fmt: skip

    text = home.run()
    assert "Nothing has changed: release 3 stays on show." in text
