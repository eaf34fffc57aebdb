# SPDX-License-Identifier: Apache-2.0
"""What the kernel says about CPU time: the whole machine's, a process tree's, and so the others'."""
import os

TICKS = os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1
_ours = [str(core) for core in sorted(os.sched_getaffinity(0))]
CLIENT_CORE, SERVER_CORE = _ours[0], _ours[min(1, len(_ours) - 1)]  # one core: they share it
BOTH_CORES = f"{CLIENT_CORE},{SERVER_CORE}"


def busy_seconds():
    """CPU seconds used by everything since boot (user, nice, system, irq, softirq, steal)."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _iowait, irq, softirq, steal = (int(x) for x in stat.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def process_tree(pid):
    pids = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as children:
                for child in children.read().split():
                    pids += process_tree(int(child))
    except OSError:
        pass  # it ended meanwhile
    return pids


def tree_seconds(pid):
    """On-CPU seconds of a process, its threads and its children, from the scheduler's nanoseconds."""
    total = 0.0
    for member in process_tree(pid):
        try:
            for task in os.listdir(f"/proc/{member}/task"):
                with open(f"/proc/{member}/task/{task}/schedstat") as stat:
                    total += int(stat.read().split()[0]) * 1e-9
        except OSError:
            pass
    return total


def counted_seconds(pid):
    """CPU seconds of a process, its threads and its children, with those of threads that ended; in TICKS, as busy_seconds()."""
    total = 0
    for member in process_tree(pid):
        try:
            with open(f"/proc/{member}/stat") as stat:
                user, system = stat.read().rpartition(")")[2].split()[11:13]
            total += int(user) + int(system)
        except OSError:
            pass
    return total / TICKS


class OthersWatch:
    """The share of all cores that other processes used between construction and share()."""

    def __init__(self, server_pids):
        self.server_pids = list(server_pids)
        self.busy, self.servers = busy_seconds(), self._servers()

    def _servers(self):
        return sum(counted_seconds(pid) for pid in self.server_pids)

    def share(self, seconds, own_cpu):
        others = busy_seconds() - self.busy - (self._servers() - self.servers) - own_cpu
        return min(1.0, max(0.0, others / CORES / max(seconds, 1e-9)))


def describe():
    model = "unknown CPU"
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    load = os.getloadavg()[0]
    return f"{CORES} cores, {model}, Linux {os.uname().release}, load {load:.1f}"
