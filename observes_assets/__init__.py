"""Observes: a company's analytics warehouse that keeps an oath about its data.

The folder tree shows the flow: ``sources`` (the outside world) → ``archive`` in a ``bucket`` →
``landing`` → ``warehouse`` (dbt and releases) → ``billing``. ``definitions`` assembles all of it
into one Dagster asset graph; ``cli`` is a convenience over that graph.
"""
