"""``observes``: a convenience over the Dagster graph, and the questions that people ask of the warehouse.

One module a group of commands; ``run`` is the only one that imports Dagster, since that costs six seconds.
Exit codes: 0 all is well, 1 something failed, 2 usage or settings, 75 somebody else is at it.
"""

from observes_assets.cli.app import main

__all__ = ["main"]
