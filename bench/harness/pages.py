# SPDX-License-Identifier: Apache-2.0
"""The 500 generated pages of the crawl case, the same in every run, and their checksums."""
import hashlib
import os
import random
import tempfile
from pathlib import Path

COUNT = 500
SIZE = 10240


def scratch_directory(prefix):
    """A directory in memory where there is one, so that no disk is measured."""
    shared = "/dev/shm"
    return tempfile.TemporaryDirectory(prefix=prefix, dir=shared if os.access(shared, os.W_OK) else None)


def _page(number, seeded):
    text = f"<html><head><title>page {number}</title></head><body><h1>page {number}</h1>\n"
    while len(text) < SIZE:
        text += f'<p><a href="/p/{seeded.randrange(COUNT)}.html">{seeded.getrandbits(128):032x}</a></p>\n'
    return text[:SIZE].encode()


def write_pages(directory):
    """Writes p/0.html … p/499.html and returns the path of the manifest: a SHA-256 a line, in the pages' order."""
    seeded, root = random.Random(2024), Path(directory)
    root.chmod(0o755)  # nginx's worker may be another user
    (root / "p").mkdir()
    manifest = root / "manifest"
    with manifest.open("w") as lines:
        for number in range(COUNT):
            body = _page(number, seeded)
            (root / "p" / f"{number}.html").write_bytes(body)
            lines.write(f"{hashlib.sha256(body).hexdigest()}  {number}.html\n")
    return manifest
