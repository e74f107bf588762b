"""A simulated Helena account: chats, people who answer several at a time, webhooks and the API.

It knows the truth of what it plays, and has the habits of the real one: webhooks come late, twice
and out of order, some never; dates have several forms; sessions move while they are listed.
"""
