"""From a provider's answers to a source that runs: ``observes contract new``.

Data flow: ``answers`` (a YAML file, options, or asked on a terminal) and records that ``client`` reads where
the provider says they are → ``shapes`` (fields and types, as seen in them) → ``promises`` (the contract) →
``files`` (the source's folder, its tests, dbt's source file).

``client`` is copied into the new source as it stands; the other files are made from ``*.template``. The
provider then owns all of it: nothing here is read again.
"""
