"""Incidents: what broke, since when, who owns it, and who was told.

One evaluation, ``watch``: ``reading`` and ``runs`` gather what is known (Postgres only, no vendor, no Dagster
import), ``rules`` say which thresholds are passed, ``lifecycle`` decides what opens, escalates and closes,
``register`` writes that down (a batch of ``observes/incidents``, in the bucket first), ``notifying`` tells
people, and ``heartbeat`` tells a dead-man switch that all of it was done. It runs at the end of every run, in
the timetable, and as ``observes watch``, which cron can call where nothing else is alive any more.

Belongs here: rules about what is known, told apart from where it comes from: ``states``, ``rules`` and
``lifecycle`` are pure. Doesn't: refusing, blocking or publishing (``landing``, ``oath``, ``warehouse``): an
incident tells of these and stops nothing.
"""
