"""The figures that Observes promises, measured: ratios, both sides alternated in one run, medians."""
