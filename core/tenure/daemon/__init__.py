"""The daemon: what is due, in order, each in a process of its own."""
