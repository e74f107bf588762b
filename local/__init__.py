"""The whole pipeline on one machine without containers: `python -m local --help`."""
