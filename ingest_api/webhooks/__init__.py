"""The door for chat platforms: `POST /v1/webhooks/{connector}/{secret}`."""
