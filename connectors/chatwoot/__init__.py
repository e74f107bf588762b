"""Chatwoot: webhooks of conversations and messages (docs/chat.md)."""
