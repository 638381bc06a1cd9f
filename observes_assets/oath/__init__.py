"""The oath as Dagster knows it: asset specs, freshness and checks, made from the contracts.

What belongs here: what Dagster shows and blocks on. What does not: a batch's validation (``landing``), the
content of marts (dbt's tests), money (``billing``).
"""
