"""What we use of dagster-dbt, imported without dbt.

dagster-dbt takes a few names from dbt-core if it is there, and its own ones if not. dbt runs in a process of
its own, so nothing of it is needed here, and importing it takes a second.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LOOKED_FOR = "dbt.version"


@contextmanager
def _out_of_sight(name: str) -> Iterator[None]:
    """Let an import of a module fail in the block, unless it is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to say so
    try:
        yield
    finally:
        del sys.modules[name]


with _out_of_sight(_LOOKED_FOR):
    from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliInvocation

__all__ = ["DagsterDbtTranslator", "DagsterDbtTranslatorSettings", "DbtCliInvocation"]
