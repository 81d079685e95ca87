"""Sinks that come with tenure; each is an ordinary plugin."""
