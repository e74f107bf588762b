"""Helena CRM, and what is sold under other names with the same back end (docs/chat.md)."""
