"""The Asterisk manager interface: framing and session without a socket, and the socket."""
