"""A person's right to be forgotten: who is erased, and how every place forgets them.

``people`` says who a person is (a keyed hash of an e-mail or another identifier), ``records`` rewrites single
records, ``register`` keeps the erasures in the bucket, ``archived`` rewrites batches and what landed from
them, ``published`` the landing's notes and the releases, ``carrying_out`` does all of it in an order that
survives a kill.
What belongs here: forgetting. What does not: what a record passes on its way in (``door``), and who may see
what (``postgres.roles``).
"""
