# SPDX-License-Identifier: Apache-2.0
"""Servers for the time of a case. Ports are ephemeral: ours announce theirs ("PORT n"), nginx gets a free one."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from string import Template

from .machine import SERVER_CORE, process_tree
from .model import CheckFailed, Unavailable
from .paths import OUT, PEERS


class Server:
    def __init__(self, process, port, directory=None):
        self.process, self.port, self.pid, self.directory = process, port, process.pid, directory

    def worker(self):
        """The process that does the work: the last child of a server that has some, else the server."""
        return process_tree(self.pid)[-1]


def _stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def announcing(argv, core=SERVER_CORE):
    """A server that listens on a port of its own choice and prints it as its first line."""
    process = subprocess.Popen(["taskset", "-c", core, *map(str, argv)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    try:
        words = process.stdout.readline().split()
        if len(words) != 2 or words[0] != "PORT":
            raise CheckFailed(f"{Path(argv[0]).name} did not announce its port")
        yield Server(process, int(words[1]))
    finally:
        _stop(process)
        process.stdout.close()


def delay_server(milliseconds):
    return announcing([OUT / "delay_server", milliseconds])


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_port(process, port, name, log=None):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None:
                raise CheckFailed(f"{name} ended: {log.read_text().strip()[-200:] if log else process.returncode}") from None
            time.sleep(0.025)
    raise CheckFailed(f"{name} does not listen")


@contextmanager
def nginx(root, log_requests=False, core=SERVER_CORE, http2=False):
    """nginx with one worker, serving root and a greeting. With log_requests each request leaves "status url" in access.log.
    With http2 it speaks nothing else."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        raise Unavailable("nginx is not installed")
    with tempfile.TemporaryDirectory(prefix="corolla-nginx-") as name:
        directory, port = Path(name), _free_port()
        os.chmod(directory, 0o755)  # the worker is another user where the master is root
        template = Template((PEERS / "nginx.conf.in").read_text())
        log = f"{directory}/access.log seen buffer=256k" if log_requests else "off"
        config = directory / "nginx.conf"
        config.write_text(template.substitute(directory=directory, port=port, root=root or directory, log=log,
                                               http2="http2" if http2 else ""))
        process = subprocess.Popen(["taskset", "-c", core, program, "-c", config, "-p", directory],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _await_port(process, port, "nginx", directory / "error.log")
            yield Server(process, port, directory)
        finally:
            _stop(process)


@contextmanager
def nghttpd(root, core=SERVER_CORE):
    """nghttp2's server, without TLS."""
    port = _free_port()
    process = subprocess.Popen(["taskset", "-c", core, "nghttpd", "--no-tls", "--address=127.0.0.1", f"--htdocs={root}",
                                "--max-concurrent-streams=128", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_port(process, port, "nghttpd")
        yield Server(process, port)
    finally:
        _stop(process)


def take_requests(server):
    """The (status, url) pairs nginx logged since the last call; its buffer is flushed by re-opening the log."""
    log, old = server.directory / "access.log", server.directory / "access.old"
    log.rename(old)
    server.process.send_signal(signal.SIGUSR1)
    for _ in range(200):
        if log.exists():
            break
        time.sleep(0.025)
    # the master opens the new file first, then the worker flushes to the old one and follows
    size = -1
    while old.stat().st_size != size:
        size = old.stat().st_size
        time.sleep(0.2)
    pairs = []
    for line in old.read_text().splitlines():
        status, url = line.split(" ", 1)
        pairs.append((int(status), url))
    old.unlink()
    return pairs
