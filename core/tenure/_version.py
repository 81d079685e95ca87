"""The version, alone in a file: `tenure --version` reads nothing else."""

__version__ = "0.1.0"
