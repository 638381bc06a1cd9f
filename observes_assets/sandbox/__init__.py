"""A small software company and its vendors as local servers: what `make run` shows and the tests talk to.

One world, one clock, one folder a vendor. The state is a function of the seed and the clock (and of the
changes that a test made by hand): nothing is drawn at the time of a request, so the same question at the
same moment has the same answer on every machine.

    company/   what the company consists of, and what can happen to it
    story/     what does happen: people, plans, work and surprises, as processes on one queue
    history    its code as real git repositories
    serving    what the vendors' servers have in common, switches for their faults included
    github/    GitHub's view of it, served over HTTP
    timedoctor/  zoho/  the same people's hours, and the customers whom they sell to

It belongs here if a vendor of ours would show it to anybody. Extracting, landing and measuring do not.
"""

from observes_assets.sandbox.world import World

__all__ = ["World"]
