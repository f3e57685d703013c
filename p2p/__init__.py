"""Peer links: opaque bytes by topic number between authenticated nodes. network.Network is the public face."""
