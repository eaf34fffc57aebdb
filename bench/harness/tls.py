# SPDX-License-Identifier: Apache-2.0
"""The tls group: one server that echoes, sends or receives over TLS 1.3, under one client for all programs."""
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from .machine import CLIENT_CORE, SERVER_CORE
from .model import Case, Entry, Group, Unavailable
from .paths import BIN, OUT
from .programs import corolla_program, peer_program, run_reporting
from .servers import announcing

ECHO_SIZES = [(100, 64), (100, 16384)]  # connections, bytes
SECONDS = 1.5
BULK_MIB = 1024
GOAL = 1.1

PROGRAMS = {
    "raw-openssl": ([OUT / "tls_server"], peer_program("tls_server", "raw")),
    "corolla": (["env", "COROLLA_BACKEND=epoll", BIN / "bench_tls"], corolla_program("bench_tls")),
    "corolla-io_uring": (["env", "COROLLA_BACKEND=io_uring", BIN / "bench_tls"], corolla_program("bench_tls")),
}


@contextmanager
def certificate():
    """A directory with a certificate and its key, of the kind most servers have."""
    with tempfile.TemporaryDirectory(prefix="corolla-tls-") as name:
        directory = Path(name)
        try:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-days", "2", "-subj", "/CN=localhost", "-keyout", directory / "key.pem", "-out",
                            directory / "certificate.pem"], check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Unavailable(f"openssl makes no certificate: {error}") from None
        yield directory


def _entry(peer, work, arguments, ops=None):
    argv, available = PROGRAMS[peer]

    def measure(directory):
        # a fresh server each time, on the core that is under test; the client has the other one
        with announcing([*argv, directory / "certificate.pem", directory / "key.pem"], core=CLIENT_CORE) as server:
            load = [OUT / "tls_load", work, server.port, server.pid, *arguments]
            return run_reporting(load, ops=ops, cores=SERVER_CORE, servers=[server])

    # io_uring is shown beside the default backend, not as a peer of it
    return Entry(peer, measure, available, limit=peer == "raw-openssl", yardstick=peer == "corolla-io_uring")


def _cases(scale):
    mib = max(1, round(BULK_MIB * scale))
    echo = [Case(f"tls-echo-{connections}-{size}", "cpu",
                 [_entry(peer, "echo", [connections, size, SECONDS * scale]) for peer in PROGRAMS],
                 f"{connections} connections, {size} B messages over TLS; the server's CPU and RSS", setup=certificate)
            for connections, size in ECHO_SIZES]
    bulk = [Case(f"tls-{work}", "cpu", [_entry(peer, work, [mib << 20], mib) for peer in PROGRAMS],
                 f"the server {work}s {mib} MiB over one connection, an operation is a MiB; the server's CPU and RSS",
                 setup=certificate)
            for work in ("send", "receive")]
    return echo + bulk


def _conclude(rows):
    """Corolla's CPU beside the raw program's, in each case that both ran."""
    lines = []
    for (case, peer), row in rows.items():
        raw = rows.get((case, "raw-openssl"))
        if raw and peer.startswith("corolla"):
            ratio = row.figure / raw.figure
            verdict = "met" if ratio <= GOAL else "NOT met"
            lines.append(f"goal {verdict}: {case}, {peer}: {ratio:.2f} of raw-openssl's CPU (at most {GOAL})")
    return lines


GROUP = Group("tls", _cases, _conclude)
