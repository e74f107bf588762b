"""Chat platforms, a folder each: what of theirs passes the door, and what it means.

`doors.py` and `meanings.py` name them; nothing else outside a folder knows a platform. How to add
one: docs/chat.md.
"""
