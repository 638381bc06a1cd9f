"""The whole timetable: which job runs when, and what makes a release.

``jobs`` cuts the graph into jobs, ``timetable`` says when they run. What does not belong here: what an
asset does, and how fresh it must be (the contract says both).
"""
