"""The Faust side of the streams: carries the pure fold over a partition log, exactly.

One Kafka message is one batch of one site. What may happen with it is decided by pure parts, which
know no Faust and are tested without a broker; `sites.py` alone ties them to an app. How they fit
together, and which faults each one is there for: docs/adr/0020-exact-under-faults.md.
"""
