# SPDX-License-Identifier: Apache-2.0
"""What the kernel must grant before one process can hold many connections to another."""
import resource
from contextlib import contextmanager

from .model import Unavailable

SPARE = 200  # descriptors for anything else
PORTS_EACH = 12_000  # connections from one address, as in peers/raw/connections_load.c, which says why it is half of what there is
KERNEL_BYTES = 12 * 1024  # that both ends of a connection that is idle take of the kernel's memory


def _sysctl(name):
    """Its numbers; none where the kernel has no such limit."""
    try:
        with open("/proc/sys/" + name) as value:
            return [int(word) for word in value.read().split()]
    except OSError:
        return []


def _available_memory():
    with open("/proc/meminfo") as info:
        return next(int(line.split()[1]) * 1024 for line in info if line.startswith("MemAvailable:"))


def _check(connections):
    """Raises Unavailable for the first limit of the whole machine that is too low."""
    both = 2 * connections + SPARE  # the server's end and the client's
    for name, needed in (("fs/nr_open", connections + SPARE), ("fs/file-max", both), ("fs/epoll/max_user_watches", both)):
        limit = _sysctl(name)
        if limit and limit[0] < needed:
            raise Unavailable(f"{connections:,} connections need {name.replace('/', '.')} to be {needed:,}, it is {limit[0]:,}")
    low, high = _sysctl("net/ipv4/ip_local_port_range")
    if high - low < 2 * PORTS_EACH:
        raise Unavailable(f"{PORTS_EACH:,} connections are made from each address, and net.ipv4.ip_local_port_range is {low} to {high}")
    if (memory := _available_memory()) < connections * KERNEL_BYTES:
        raise Unavailable(f"{connections:,} connections take about {connections * KERNEL_BYTES >> 20:,} MiB of the kernel's memory, "
                          f"and {memory >> 20:,} MiB are available")


@contextmanager
def for_connections(connections):
    """Programs that are started meanwhile may have so many descriptors each. Unavailable where that is not granted."""
    _check(connections)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + SPARE
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), max(hard, needed)))
    except (OSError, ValueError):
        raise Unavailable(f"{connections:,} connections need {needed:,} descriptors in one process, RLIMIT_NOFILE allows {hard:,} "
                          "and may not be raised") from None
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
