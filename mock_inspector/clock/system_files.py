"""Reads what the system tells in files that never block: ``/proc``, on Linux.

Tools that report calls which block an event loop (blockbuster) replace functions of ``os``, and methods of files, while
a test runs. Hence the functions of ``os`` are those that were there when this module was imported.
"""

from __future__ import annotations

import os

_open, _read, _close, _listdir, _readlink = os.open, os.read, os.close, os.listdir, os.readlink
_CHUNK_BYTES = 65_536


def read_file(path: str) -> bytes:
    """What a file holds. OSError where it cannot be read."""
    file = _open(path, os.O_RDONLY)
    try:
        chunks = []
        while chunk := _read(file, _CHUNK_BYTES):
            chunks.append(chunk)
        return b"".join(chunks)
    finally:
        _close(file)


def list_directory(path: str) -> list[str]:
    """The names in a directory. OSError where it cannot be read."""
    return _listdir(path)


def read_link(path: str) -> str:
    """What a symbolic link refers to. OSError where it cannot be read."""
    return _readlink(path)
