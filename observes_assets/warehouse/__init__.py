"""The bridge to dbt, and releases.

``build`` fixes the as-of and runs the gate around one dbt invocation, ``publish`` puts a whole and tested
candidate on show, ``retention`` drops releases that nobody needs. What belongs here: what readers see and
when. What does not: how versions land (``landing``) and the models themselves (``dbt_project``).
"""
