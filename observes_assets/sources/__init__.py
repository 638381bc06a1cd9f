"""The outside world: one folder a vendor, each with the same files.

``contract.yaml`` promises, ``client`` talks, ``streams`` reads records, ``assets`` is what Dagster sees. Only
``assets`` (and what it calls: ``reading``, ``observation``) may know Dagster or Postgres.
"""
