"""Names under which state is stored in Kafka: never renamed in place."""

APP_ID = "call-centre-streams"
"""Consumer group of the workers, and prefix of what Faust names itself."""

SITE_TABLE = "sites"

SITE_CHANGELOG = f"{APP_ID}-{SITE_TABLE}-changelog"
"""Faust's own name for the changelog topic of the site table."""

CHAT_APP_ID = "call-centre-chats"
"""The same of the workers that fold chats: apart, so that neither waits for the other."""

CHAT_TABLE = "sessions"

CHAT_CHANGELOG = f"{CHAT_APP_ID}-{CHAT_TABLE}-changelog"
