"""Hypothesis: the same examples in every run; `--hypothesis-profile search` looks for new ones."""

from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile("fixed")
