# SPDX-License-Identifier: Apache-2.0
"""Where things are."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "bench" / "peers"
OUT = ROOT / "build" / "bench"          # the peers' programs, the results
BIN = ROOT / "build" / "release" / "bin"  # corolla's own
PYTHON = "/usr/bin/python3"             # Debian's, which sees Debian's python3-* packages
