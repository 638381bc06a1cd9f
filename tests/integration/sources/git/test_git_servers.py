"""Repositories on a real HTTP server: credentials reach it and nothing else; failures say what to do."""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from observes_assets.errors import PermanentError, TransientError
from observes_assets.sources.git import credentials
from observes_assets.sources.git.client import Mirror
from tests.integration.sources.git.git_server import serving

TOKEN = "s3cret-tok'en\"$(x)"


@pytest.fixture
def remote(server, work, tmp_path):
    """A function that makes a mirror of the source over HTTP."""
    work.commit("one")

    def make(token=None, name="one", url=None):
        environment = {"OBSERVES_GIT_ACME_TOKEN": token} if token else {}
        credential = credentials.read("ACME", environment) if token else None
        return Mirror(tmp_path / "mirrors" / name, url or f"{server.url}/source", credential)

    return make


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_without_a_credential(remote, work):
    mirror = remote()
    mirror.update()
    work.commit("two")
    mirror.update()
    assert mirror.tip("main") == work.git("rev-parse", "main")


def test_the_token_works_and_shows_nowhere(remote, server, work, tmp_path, capfd):
    server.token = TOKEN
    server.paused.clear()
    mirror = remote(TOKEN)
    updating = threading.Thread(target=mirror.update)
    updating.start()
    assert server.asked.wait(120)
    seen = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            seen.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    server.paused.set()
    updating.join(120)
    assert any(b"clone" in line and server.url.encode() in line for line in seen)
    assert not [line for line in seen if TOKEN.encode() in line]
    work.commit("two")
    mirror.update()
    assert mirror.tip("main") == work.git("rev-parse", "main")
    mirror.bundle(tmp_path / "mirrors" / "one.bundle")
    assert TOKEN.encode() not in everything_in(tmp_path / "mirrors")
    assert TOKEN not in "".join(capfd.readouterr())
    assert TOKEN not in repr(mirror.credential)
    assert TOKEN not in os.environ.values()


def test_wrong_missing_and_renewed_tokens(remote, server):
    server.token = TOKEN
    with pytest.raises(PermanentError, match="refused access") as caught:
        remote().update()
    assert "credential: NAME" in caught.value.remedy
    with pytest.raises(PermanentError, match="refused access") as caught:
        remote("wr0ng").update()
    assert "OBSERVES_GIT_ACME_TOKEN" in caught.value.remedy
    assert "wr0ng" not in str(caught.value)
    mirror = remote(TOKEN)
    mirror.update()
    server.token = "renewed"
    with pytest.raises(PermanentError, match="refused access"):
        mirror.update()
    remote("renewed").update()


def test_another_username(remote, server, tmp_path):
    server.token, server.username = TOKEN, "oauth2"
    environment = {"OBSERVES_GIT_LAB_TOKEN": TOKEN, "OBSERVES_GIT_LAB_USERNAME": "oauth2"}
    mirror = Mirror(tmp_path / "mirrors" / "x", f"{server.url}/source", credentials.read("LAB", environment))
    mirror.update()
    assert mirror.tip("main")


def test_a_password_in_the_url_is_dropped(remote, server, tmp_path):
    server.token = TOKEN
    url = server.url.replace("http://", "http://someone:oldpassword@") + "/source"
    mirror = remote(TOKEN, url=url)
    mirror.update()
    assert b"oldpassword" not in everything_in(tmp_path / "mirrors")
    with pytest.raises(PermanentError) as caught:
        remote(url=url, name="two").update()
    assert "oldpassword" not in str(caught.value)


def test_a_redirection_to_another_host_is_not_given_the_token(remote, server, tmp_path):
    server.token = TOKEN
    with serving(tmp_path) as stranger:
        stranger.token = "something else"
        server.fault = stranger.url
        with pytest.raises(PermanentError) as caught:
            remote(TOKEN).update()
        assert stranger.seen
        assert set(stranger.seen) == {None}
    assert TOKEN not in str(caught.value)


def test_the_persons_own_credentials_are_not_used(remote, server, tmp_path, monkeypatch):
    server.token = TOKEN
    home = tmp_path / "home"
    home.mkdir()
    host = server.url.removeprefix("http://")
    (home / ".netrc").write_text(f"machine 127.0.0.1 login x-access-token password {TOKEN}\n")
    (home / ".netrc").chmod(0o600)
    (home / ".git-credentials").write_text(f"http://x-access-token:{TOKEN.replace(chr(34), '')}@{host}\n")
    (home / ".gitconfig").write_text("[credential]\n helper = store\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_ASKPASS", "echo")
    with pytest.raises(PermanentError, match="refused access"):
        remote().update()


@pytest.mark.parametrize("state", ["new", "empty", "known"])
def test_an_empty_page_is_not_an_empty_repository(remote, server, work, new_work, state):
    if state == "empty":
        new_work("bare")
    mirror = remote(url=f"{server.url}/bare" if state == "empty" else None)
    if state != "new":
        mirror.update()
        assert mirror.is_empty() == (state == "empty")
    server.fault = "empty"
    with pytest.raises(PermanentError, match=r"empty page|git failed"):
        mirror.update()
    server.fault = None
    mirror.update()
    assert mirror.is_empty() == (state == "empty")


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (500, TransientError, "could not be reached"),
        (502, TransientError, "could not be reached"),
        (429, TransientError, "could not be reached"),
        (403, PermanentError, "refused access"),
        (404, PermanentError, "no such repository"),
    ],
)
def test_status_codes(remote, server, fault, error, words):
    mirror = remote(TOKEN)
    for _ in range(2):
        server.fault = fault
        with pytest.raises(error, match=words) as caught:
            mirror.update()
        assert len(str(caught.value)) < 600
        server.fault = None
        mirror.update()


def test_a_server_that_is_not_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(TransientError):
        Mirror(tmp_path / "m" / "one", f"http://127.0.0.1:{port}/x", None).update()
    with pytest.raises(TransientError):
        Mirror(tmp_path / "m" / "one", "https://no-such-host.invalid/x", None).update()


def test_a_server_that_never_answers(remote, server):
    server.paused.clear()
    mirror = remote()
    mirror.timeout_seconds = 1.0
    with pytest.raises(TransientError, match="time limit"):
        mirror.update()
    server.paused.set()
    for _ in range(600):  # a process that was killed is listed until it has been given the time to end
        listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if f"{server.url}/source" not in listed:
            break
        time.sleep(0.1)
    assert f"{server.url}/source" not in listed
    mirror.timeout_seconds = 120.0
    mirror.update()


def test_another_protocol_behind_a_redirection_is_refused(remote, server):
    server.fault = "ftp://127.0.0.1"
    with pytest.raises(PermanentError):
        remote().update()


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% /tmp/x", "-upload-pack=x", "", "ftp://x/y", "fd::3", "a\nb", "https://x/\0"]
)
def test_urls_that_git_is_never_given(tmp_path, url):
    with pytest.raises(PermanentError):
        Mirror(tmp_path / "one", url, None).update()


def test_ssh_gets_the_key_and_asks_nobody(tmp_path, monkeypatch, work):
    """A stand-in for ssh runs the remote command here and notes how it was called."""
    sha = work.commit("one")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >> {folder}/words\nenv >> {folder}/env\n'
        f'for word; do last=$word; done\nexec sh -c "$last"\n'
    )
    (folder / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/the/persons/agent")
    key = tmp_path / "a key's file"
    key.write_text("not a real key")
    credential = credentials.read("ACME", {"OBSERVES_GIT_ACME_SSH_KEY_FILE": str(key)})
    for number, url in enumerate((f"git@host:{work.folder}", f"ssh://git@host:2222{work.folder}")):
        mirror = Mirror(tmp_path / "mirrors" / str(number), url, credential)
        mirror.update()
        assert mirror.tip("main") == sha
    words = (folder / "words").read_text().splitlines()
    assert words[words.index("-i") + 1] == str(key)
    assert {"BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=accept-new", "git@host"} <= set(
        words
    )
    assert words[words.index("-p") + 1] == "2222"
    assert "SSH_AUTH_SOCK" not in (folder / "env").read_text()
    Mirror(tmp_path / "mirrors" / "agent", f"git@host:{work.folder}", None).update()
    assert "SSH_AUTH_SOCK=/the/persons/agent" in (folder / "env").read_text()


def test_a_git_that_outlived_its_killed_parent_keeps_the_lock(remote, server):
    server.paused.clear()
    mirror = remote()
    program = """
import sys
from pathlib import Path
from observes_assets.sources.git.client import Mirror
Mirror(Path(sys.argv[1]), sys.argv[2], None).update()
"""
    with subprocess.Popen([sys.executable, "-c", program, mirror.folder, mirror.url]) as killed:
        assert server.asked.wait(120)
        killed.kill()
    mirror.timeout_seconds = 0.5
    with pytest.raises(TransientError, match="still updating"):
        mirror.update()
    server.paused.set()
    mirror.timeout_seconds = 120.0
    mirror.update()
    assert mirror.tip("main")
