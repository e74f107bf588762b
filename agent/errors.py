"""Every error of the collector, each with one reader and one reaction.

CollectorError
├── ConfigError             the operator: names the wrong key; exit code 2
├── CaptureError            the operator: a capture cannot be replayed; exit code 2
├── SpoolInUseError         the operator: another collector holds the spool; exit code 1
├── SpoolWriteError         the spooling thread: disk full; tried again, nothing is dropped
├── AmiLostError            the AMI loop: not connected or cut; connects again with back-off
├── AmiRefusedError         the AMI loop: login refused; tries again slowly, only people can help
└── IngestUnreachableError  the delivery: no answer; the batch is sent again with back-off
"""


class CollectorError(Exception):
    """Base of all the collector's errors. The text is one sentence for people."""


class ConfigError(CollectorError):
    """A setting is missing or wrong."""


class CaptureError(CollectorError):
    """A path holds no readable capture."""


class SpoolInUseError(CollectorError):
    """The spool is locked by another process."""


class SpoolWriteError(CollectorError):
    """The spool could not be written for now."""


class AmiLostError(CollectorError):
    """There is no connection to AMI, or there is none any more."""


class AmiRefusedError(CollectorError):
    """Asterisk does not let this user in."""


class IngestUnreachableError(CollectorError):
    """A request got no complete answer: name, network, TLS or timeout."""
