"""Which secrets are too weak: too short, too even, or what examples and products call theirs."""

MIN_CHARACTERS = 12
_MIN_DIFFERENT = 6
_MIN_BESIDE_WORDS = 8

# What is left of an example's or a default's secret when these are taken out is not much.
_WORDS = (
    "asterisk",
    "callcentre",
    "change",
    "collector",
    "default",
    "example",
    "freepbx",
    "manager",
    "passwd",
    "password",
    "qwerty",
    "secret",
    "senha",
    "admin",
    "token",
    "test",
    "amp",
    "key",
    "123456789",
    "123456",
    "1234",
    "111",
)


def weakness(secret: str) -> str:
    """What is wrong, as the end of a sentence that names the secret; empty if nothing is."""
    if len(secret) < MIN_CHARACTERS:
        return "has fewer than {} characters".format(MIN_CHARACTERS)
    left = secret.lower()
    for word in _WORDS:
        left = left.replace(word, "")
    if len(left) < _MIN_BESIDE_WORDS or len(set(left)) < _MIN_DIFFERENT:
        return "looks like an example or a default"
    return ""
