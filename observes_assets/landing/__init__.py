"""The only door into raw tables: one batch, one transaction.

``tables`` makes a stream's tables, ``records`` reads and checks a batch's lines, ``land`` lands one batch,
``one_batch`` puts a transaction around that, ``pending`` decides which batch is next and what a refusal
stops, ``ledger`` answers questions.
What belongs here: everything that turns archived batches into versions. What does not: vendors
(``sources``), the archive's bytes (``archive``), and what readers see (``warehouse``).
"""
