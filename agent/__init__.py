"""The collector: reads a PBX's manager interface and posts what it selects.

Runs beside Asterisk on Python 3.6 or newer with the standard library alone. It parses, selects,
redacts, buffers and sends; it never gives meaning to an event. Meaning is given by the server, so
that a wrong rule is repaired there and not on the customers' machines.
"""

__version__ = "0.1.0"
