"""Files that are written whole or not at all."""

from pathlib import Path


def put(path: Path, text: str) -> Path:
    """Write a text beside the file, then put it in its place; raises `OSError`."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        return part.replace(path)
    finally:
        part.unlink(missing_ok=True)
