"""The report as one HTML file that needs nothing else: no network, no script, no font."""

from tenure.html.page import page

__all__ = ["page"]
