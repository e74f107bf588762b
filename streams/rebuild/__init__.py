"""Folds the stored raw events of sites anew and brings the tables of facts in step with that.

The live path is not touched and does not stop. Why the result is right whatever the live path
writes meanwhile: docs/adr/0016. Imports nothing of Faust.
"""
