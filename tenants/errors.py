"""What can go wrong, each with one reader and one reaction. All end the command with one sentence.

TenantsError
├── WrongInputError      exit 2: the operator mends the arguments or the environment
├── NotPossibleError     exit 1: what was asked for does not fit the registry or the server
└── NotIsolatedError     exit 1: `verify` found that customers are not apart; somebody must look now
"""


class TenantsError(Exception):
    """Base of all; the text is for the operator and holds no secret."""


class WrongInputError(TenantsError):
    """An argument or a setting is wrong; the text names it and says what would be right."""


class NotPossibleError(TenantsError):
    """The customer or site is not there, or the server cannot do what is needed."""


class NotIsolatedError(TenantsError):
    """A reader saw what it must not see, or could do what it must not do."""
