"""URLs, credentials, git's complaints, mailmap lines, ignore patterns, and the contract: no git involved."""

import shlex
from pathlib import Path

import pytest

from observes_assets.contracts import load
from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.git import credentials, failures
from observes_assets.sources.git.access import access_to
from observes_assets.sources.git.command import GitFailedError
from observes_assets.sources.git.credentials import Credential
from observes_assets.sources.git.identities import validate_mailmap
from observes_assets.sources.git.ignores import validate_patterns

TOKEN = "t0ken"


@pytest.mark.parametrize(
    ("url", "protocol", "given"),
    [
        ("https://host/a.git", "https", "https://host/a.git"),
        ("https://user:word@host/a.git", "https", "https://host/a.git"),
        ("https://user@host:8443/a.git", "https", "https://host:8443/a.git"),
        ("http://host/a", "http", "http://host/a"),
        ("ssh://git@host:22/a", "ssh", "ssh://git@host:22/a"),
        ("git@host:a/b.git", "ssh", "git@host:a/b.git"),
        ("host:a", "ssh", "host:a"),
        ("git://host/a", "git", "git://host/a"),
        ("/a/b:c", "file", "/a/b:c"),
        ("./a:b", "file", str(Path.cwd() / "a:b")),
        ("file:///a%20b", "file", "/a b"),
        ("~/a", "file", str(Path("~/a").expanduser())),
    ],
)
def test_urls(url, protocol, given):
    access = access_to(url, Credential("ACME", token=TOKEN))
    assert (access.protocol, access.url) == (protocol, given)
    assert (access.folder is None) == (protocol != "file")
    assert access.allowed_protocols == {"http": "http:https"}.get(protocol, protocol)


def test_the_token_is_for_http_only():
    for url in ("https://host/a", "http://host/a"):
        assert access_to(url, Credential("A", token=TOKEN)).environment()["OBSERVES_ASKPASS_TOKEN"] == TOKEN
    for url in ("git@host:a", "/a", "git://host/a"):
        access = access_to(url, Credential("A", token=TOKEN, ssh_key_file=Path("/key")))
        assert TOKEN not in str(access.environment())
    assert access_to("https://host/a", None).environment() == {}


def test_the_ssh_command_is_quoted():
    key = Path("/a b/'key\";$(x)")
    access = access_to("git@host:a", Credential("A", ssh_key_file=key))
    assert shlex.split(access.environment()["GIT_SSH_COMMAND"])[:3] == ["ssh", "-i", str(key)]


def test_credentials_from_the_environment():
    assert credentials.read(None) is None
    found = credentials.read("ACME", {"OBSERVES_GIT_ACME_TOKEN": f" {TOKEN}\n"})
    assert (found.token, found.username, found.ssh_key_file) == (TOKEN, "x-access-token", None)
    assert TOKEN not in repr(found)
    with pytest.raises(PermanentError, match="OBSERVES_GIT_ACME_TOKEN nor OBSERVES_GIT_ACME_SSH_KEY_FILE"):
        credentials.read("ACME", {"OBSERVES_GIT_ACME_TOKEN": " "})
    with pytest.raises(PermanentError, match="OBSERVES_GIT_ACME_TOKEN holds a line break") as caught:
        credentials.read("ACME", {"OBSERVES_GIT_ACME_TOKEN": "a\nb"})
    assert "a\nb" not in str(caught.value)
    with pytest.raises(PermanentError) as caught:
        credentials.read("ghp_secret-by-mistake", {})
    assert "secret-by-mistake" not in str(caught.value)


def test_credentials_from_the_env_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("OBSERVES_GIT_ACME_TOKEN=from-file\n")
    assert credentials.read("ACME").token == "from-file"
    monkeypatch.setenv("OBSERVES_GIT_ACME_TOKEN", TOKEN)
    assert credentials.read("ACME").token == TOKEN


def test_a_credential_must_fit_the_url(tmp_path):
    token, key = Credential("A", token=TOKEN), Credential("A", ssh_key_file=tmp_path / "none")
    with pytest.raises(PermanentError, match="OBSERVES_GIT_A_SSH_KEY_FILE is not set"):
        access_to("git@host:a", token).require_credential()
    with pytest.raises(PermanentError, match="OBSERVES_GIT_A_TOKEN is not set"):
        access_to("https://host/a", key).require_credential()
    with pytest.raises(PermanentError, match="OBSERVES_GIT_A_SSH_KEY_FILE names no file"):
        access_to("git@host:a", key).require_credential()
    for url in ("/a", "https://host/a"):
        access_to(url, token).require_credential()


@pytest.mark.parametrize(
    ("output", "blame", "kind"),
    [
        ("fatal: Authentication failed for 'https://h/x'", "person", PermanentError),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            "person",
            PermanentError,
        ),
        (
            "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
            "person",
            PermanentError,
        ),
        (
            "remote: Repository not found.\nfatal: repository 'https://h/x/' not found",
            "person",
            PermanentError,
        ),
        (
            "Host key verification failed.\nfatal: Could not read from remote repository.",
            "person",
            PermanentError,
        ),
        (
            "fatal: unable to access 'https://h/x': SSL certificate problem: self-signed",
            "person",
            PermanentError,
        ),
        ("fatal: write error: No space left on device", "person", PermanentError),
        ("fatal: unable to access 'https://h/x': Could not resolve host: h", "network", TransientError),
        ("ssh: connect to host h port 22: Connection timed out", "network", TransientError),
        ("error: RPC failed; curl 92 HTTP/2 stream 5 was not closed cleanly", "network", TransientError),
        ("fatal: the remote end hung up unexpectedly", "network", TransientError),
        (
            "fatal: unable to access 'https://h/x': The requested URL returned error: 503",
            "network",
            TransientError,
        ),
        ("fatal: unable to access 'https://h/x': Operation too slow.", "network", TransientError),
        (
            "error: Could not read 0123456789012345678901234567890123456789\nfatal: early EOF",
            "source",
            PermanentError,
        ),
        (
            "remote: aborting due to possible repository corruption\nfatal: early EOF",
            "source",
            PermanentError,
        ),
        ("fatal: something new", "unknown", PermanentError),
        ("", "unknown", PermanentError),
    ],
)
def test_what_git_says(output, blame, kind):
    access = access_to("https://h/x", None)
    found, error = failures.explain(GitFailedError(128, output), access)
    assert (found, type(error)) == (blame, kind)


def test_messages_are_short_and_hold_no_secret():
    access = access_to("https://host/shallow-corrupt-404", Credential("ACME", token=TOKEN))
    output = f"noise\nfatal: unable to access 'https://user:word@host/x?{TOKEN}' " + "\x1b[31m" + "x" * 5000
    blame, error = failures.explain(GitFailedError(128, output), access)
    assert blame == "unknown"
    assert len(str(error)) < 500
    assert str(error).isprintable()
    assert not [secret for secret in ("word", TOKEN, "noise") if secret in str(error)]


def test_the_url_is_no_part_of_what_git_says():
    access = access_to("https://host/shallow-roots-early-eof", None)
    output = f"fatal: unable to access '{access.url}': something new"
    assert failures.explain(GitFailedError(128, output), access)[0] == "unknown"


@pytest.mark.parametrize(
    ("line", "is_fine"),
    [
        ("Proper Name <commit@email.xx>", True),
        ("<proper@email.xx> <commit@email.xx>", True),
        ("Proper Name <proper@email.xx> <commit@email.xx>", True),
        ("Proper Name <proper@email.xx> Commit Name <commit@email.xx>", True),
        ("Name <a@x> <>", True),
        ("Name <a@x> # since 2024", True),
        ("# Name", True),
        ("", True),
        ("   ", True),
        ("Proper Name commit@email.xx", False),
        ("Proper Name <commit@email.xx", False),
        ("Proper Name commit@email.xx>", False),
        ("Name <>", False),
        ("<a@x>", False),
        ("Name <a@x> b@x", False),
        ("Name <a@x> B <b@x> C <c@x>", False),
        ("Name <a@x> <b@x", False),
        ("Name < a@x>", False),
        ("Name <<a@x>>", False),
        (" # Name <a@x>", False),
        ("Name <a@x> # <b@x>", False),
        ("\ufeffName <a@x>", False),
        ("N\0 <a@x>", False),
        ("N" * 1001 + " <a@x>", False),
    ],
)
def test_mailmap_lines(line, is_fine):
    problems = validate_mailmap(f"# first\n{line}\n")
    assert [number for number, _ in problems] == ([] if is_fine else [2])


@pytest.mark.parametrize(
    ("pattern", "is_fine"),
    [
        *(
            (one, True)
            for one in ("docs/", "/docs", "*.md", "!a", r"\#a", r"\!a", r"a\ ", r"a\\", "a b", "**", "ü")
        ),
        *((one, True) for one in ("[ab]", "[]a]", "[!]a]", "[[:alpha:]]", r"\[a", "a]", "**/x/**")),
        *(
            (one, False)
            for one in ("", "  ", "/", "!", "!/", "//", "#a", "a\0", "a\nb", "a\r", "a\\", "a ", "\t")
        ),
        *((one, False) for one in ("./a", "a/../b", "a//b", "..", "[a", "a[!", "[[:alpha:]", "x[]")),
    ],
)
def test_patterns(pattern, is_fine):
    problems = validate_patterns(["ok", pattern])
    assert [position for position, _ in problems] == ([] if is_fine else [1])


def test_the_contract():
    contract = load("git")
    commits, observations = contract.streams["commits"], contract.streams["observations"]
    assert contract.owner == "data-platform"
    assert commits.key == ("repository_id", "branch", "sha")
    assert commits.scope_by == ("repository_id", "branch")
    assert commits.maximum_quarantined_count == 0
    assert commits.maximum_vanished_share == observations.maximum_vanished_share == 1.0
    personal = {field.path for field in commits.personal_fields}
    assert {"author_name", "author_email", "committer_name", "committer_email"} <= personal
    assert observations.key == ("repository_id", "branch")
    good = {"repository_id": "r", "branch": "b", "outcome": "failed", "reason": "why", "tip": None}
    assert observations.check(good) is None
    assert observations.check(good | {"outcome": "unknown"})


def test_whom_a_server_names_is_not_quoted():
    said = failures.quote("remote: error: jane@acme.example was suspended\nfatal: unable to access\n")
    assert said == "git: […@…] was suspended; unable to access."
