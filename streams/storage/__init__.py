"""Facts and raw batches into ClickHouse, and the schema they need.

Imports nothing of Faust: whoever carries the fold calls `writer.FactWriter`.
"""
