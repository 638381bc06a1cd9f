"""A folder bucket on a disk that is really full: a small file system of its own, where this machine lets us.

It is mounted in a namespace that ends with the process, so neither root nor a clean-up is needed. Where the
kernel gives nobody such a namespace, the limit on file sizes stands in: it cuts writes just so. The line of
faults that pytest prints at its end tells which of the two it was.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FILLS_IT = """
import resource, sys
from pathlib import Path
from observes_assets.bucket import open_bucket
from observes_assets.errors import ObservesError

folder, limit = Path(sys.argv[1]), int(sys.argv[2])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
bucket = open_bucket(str(folder / "bucket"))
kept = []
try:
    for number in range(100):
        kept.append(f"data/{number:03}")
        bucket.put_new(kept[-1], bytes([number]) * 50_000 * (number + 1))
except ObservesError as error:
    print(error.message.rpartition(": ")[2], error.remedy)
lost = kept.pop()
assert kept
assert list(bucket.names("data/")) == kept
for number, name in enumerate(kept):
    assert bucket.get(name) == bytes([number]) * 50_000 * (number + 1), name
names = {Path(one).name for one in kept}
assert not [path for path in folder.rglob("*") if path.is_file() and path.name not in names]
bucket.delete(kept[0])
assert bucket.put_new(lost, b"small")
assert bucket.get(lost) == b"small"
print("whole")
"""


def mounts(folder: Path) -> bool:
    command = ["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_what_a_full_disk_cuts_off_is_not_there_and_the_rest_is(
    tmp_path: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    program, folder = tmp_path / "program.py", tmp_path / "disk"
    program.write_text(FILLS_IT)
    folder.mkdir()
    command, said = [sys.executable, str(program), str(folder), "300000"], "File too large"
    if is_real := mounts(folder):
        script = 'mount -t tmpfs -o size=600k tmpfs "$3" && exec "$@"'
        command = ["unshare", "-Urm", "sh", "-c", script, "sh", *command[:-1], "0"]
        said = "No space left on device"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert done.stdout.endswith("whole\n")
    name = "a full file system" if is_real else "file size limit"
    record_property("faults survived", {"seed": seed, "times": {name: 1}})
