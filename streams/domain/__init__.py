"""The pure fold: site state and domain events in, facts out.

No clock (time advances by the `at` of events), no I/O, no logging, no settings. The same events
always give the same facts with the same versions, whoever folds them and however often.
"""
