"""Measure what is promised: all of it, or what is named.

    python -m bench [PART …]

Each part is a program of its own with options of its own: ``python -m bench.landing --help``.
"""

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = (
    "landing",
    "landing_memory",
    "validation",
    "rebuilding",
    "loading",
    "second_run",
    "git_extract",
    "github",
    "checks",
    "publishing",
    "status",
    "delivery",
    "timedoctor",
    "zoho",
)


def main() -> None:
    """Run the parts one after the other, in fresh processes."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    named = parser.parse_args().parts
    if unknown := set(named) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    root = Path(__file__).parents[1]
    codes = []
    for part in named or PARTS:
        print(f"== {part}", flush=True)
        codes.append(
            subprocess.run([sys.executable, "-m", f"bench.{part}"], cwd=root, check=False).returncode
        )
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
