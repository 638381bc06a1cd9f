"""How much longer we take for a repository's commits than plain ``git log --numstat`` of the same range.

    python bench/git_extract.py [--commits 20000] [--rounds 5]

Alternates both, prints the median of the ratios and the peak memory of each: ours, and ours of a tenth of
the commits, which shows whether memory grows. Ours includes the JSON of each record. The repository is
synthetic, made once by ``git fast-import`` in the temporary folder.
"""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FILES = 400
LINES = 120
PLAIN = "plain"
OURS = "ours"


def stream(commits: int) -> Iterator[bytes]:
    """Write a history for ``git fast-import``: edits, new, renamed and deleted files, merges."""
    chance = random.Random(7)
    words = [f"word{number}" for number in range(500)]
    line = lambda: " ".join(chance.choices(words, k=8))  # noqa: E731
    files = {f"src/part{n % 20}/file{n}.py": [line() for _ in range(LINES)] for n in range(FILES)}
    changed = dict(files)
    for number in range(1, commits + 1):
        author = (
            f"Person {number % 40} <person{number % 40}@example.com> {1_500_000_000 + number * 600} +0200"
        )
        message = f"Change {line()}\n\n{line()}\n{line()}\n\nCo-authored-by: Some One <one@example.com>\n"
        yield f"commit refs/heads/main\nmark :{number}\nauthor {author}\ncommitter {author}\n".encode()
        yield f"data {len(message)}\n{message}".encode()
        if number > 10 and number % 20 == 0:
            yield f"merge :{number - 7}\n".encode()
        for path, lines in changed.items():
            text = "\n".join(lines)
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n".encode()
        if number % 50 == 0:
            old = chance.choice(sorted(files))
            new = f"{old}.moved{number}"
            yield f"R {old} {new}\n".encode()
            files[new] = files.pop(old)
        yield b"\n"
        changed = {}
        for path in chance.sample(sorted(files), k=chance.choice((1, 1, 2, 3, 5))):
            for _ in range(3):
                files[path][chance.randrange(len(files[path]))] = line()
            changed[path] = files[path]


def repository(commits: int) -> Path:
    """Make the repository, or take the one from last time."""
    folder = Path(tempfile.gettempdir()) / f"observes-bench-git-{commits}"
    done = folder / "done"
    if not done.exists():
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", folder], check=True)
        command = ["git", f"--git-dir={folder}", "fast-import", "--quiet", "--force"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
            assert importer.stdin is not None
            for piece in stream(commits):
                importer.stdin.write(piece)
        # As a clone gives it: one pack, no left-overs of the import.
        subprocess.run(["git", f"--git-dir={folder}", "repack", "-adfq"], check=True)
        done.touch()
    return folder


def plain(folder: Path, limit: int) -> int:
    """Plain ``git log --numstat``, read to its end."""
    command = ["git", f"--git-dir={folder}", "log", "--numstat", "main", f"--skip={limit}"]
    count = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while chunk := process.stdout.read(1 << 18):
            count += len(chunk)
    assert process.returncode == 0
    return count


def ours(folder: Path, limit: int) -> int:
    """The stream ``commits``, with the JSON of each record; memory is that of this process."""
    import orjson  # noqa: PLC0415 - only the measured process needs them

    from observes_assets.sources.git.client import Mirror  # noqa: PLC0415
    from observes_assets.sources.git.streams import commits  # noqa: PLC0415

    mirror = Mirror(folder, str(folder), None)
    tip = mirror.tip("main")
    assert tip
    known = None
    if limit:
        revision = ["git", f"--git-dir={folder}", "rev-parse", f"main~{limit}"]
        known = subprocess.run(revision, capture_output=True, check=True, text=True).stdout.strip()
    records = commits(mirror, repository_id="r", branch="main", tip=tip, known_tip=known)
    return sum(len(orjson.dumps(record)) for record in records)


def measured(what: str, folder: Path, limit: int = 0) -> tuple[float, float, float]:
    """Run one side in a fresh process: seconds, peak MB of Python, peak MB of the largest git."""
    command = [sys.executable, __file__, "--child", what, "--folder", str(folder), "--limit", str(limit)]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    seconds, own, children = (float(word) for word in answer)
    return seconds, own, children


def child(what: str, folder: Path, limit: int) -> None:
    """Measure one side; imports are paid before the clock starts."""
    if what == OURS:
        import observes_assets.sources.git.streams  # noqa: F401, PLC0415
    work = ours if what == OURS else plain
    start = time.perf_counter()
    work(folder, limit)
    seconds = time.perf_counter() - start
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    sys.stdout.write(f"{seconds} {own} {children}\n")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", choices=(OURS, PLAIN))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.folder, options.limit)
        return
    folder = repository(options.commits)
    ratios = []
    for number in range(options.rounds):
        their_seconds, _, their_memory = measured(PLAIN, folder)
        our_seconds, our_memory, our_git = measured(OURS, folder)
        ratios.append(our_seconds / their_seconds)
        print(
            f"round {number + 1}: plain {their_seconds:.2f} s (git {their_memory:.0f} MB), "
            f"ours {our_seconds:.2f} s (Python {our_memory:.0f} MB, largest git {our_git:.0f} MB), "
            f"ratio {ratios[-1]:.2f}"
        )
    _, small, _ = measured(OURS, folder, options.commits // 10)
    print(f"median ratio {statistics.median(ratios):.2f} (goal: 1.20 or less), {options.commits} commits")
    print(f"Python's peak with a tenth of the commits: {small:.0f} MB")


if __name__ == "__main__":
    main()
