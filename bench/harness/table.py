# SPDX-License-Identifier: Apache-2.0
"""One table per case, and GROUP.jsonl."""
import json

from .paths import OUT

HEAD = ["peer", "ops", "ops/s", "min–max", "seconds", "CPU µs/op", "min–max", "RSS MiB", "÷ best peer", "÷ raw limit",
        "others' CPU"]
DISTURBED = 0.10  # above this share of all cores the wall times say little


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def ratios(rows):
    """For each row: its figure divided by the best peer's (corolla is no peer of itself), and by the raw limit's."""
    peers = [row.figure for row in rows if row.peer != "corolla" and not row.limit and not row.yardstick]
    limits = [row.figure for row in rows if row.limit]
    best, limit = min(peers, default=None), min(limits, default=None)
    return {row.peer: (row.figure / best if best else None, row.figure / limit if limit else None) for row in rows}


def aligned(lines):
    """The cells of each line under those of the others, all but the first column to the right."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return ["  " + "  ".join([line[0].ljust(widths[0])] + [line[i].rjust(widths[i]) for i in range(1, len(line))])
            for line in lines]


def print_table(case, rows, failures):
    """Rows ordered by the figure that counts; peers that failed or are missing are named below."""
    unit = "CPU per operation" if case.figure == "cpu" else "wall time per operation"
    print(f"\n{case.name}: {case.what} (ratios compare {unit})")
    compared = ratios(rows)
    extras = sorted({key for row in rows for key in row.extra()})
    lines = [HEAD + extras]
    for row in sorted(rows, key=lambda row: row.figure):
        low, high = row.spread("ops_per_s")
        cpu_low, cpu_high = row.spread("cpu_us")
        best, limit = (f"{x:.2f}" if x else "–" for x in compared[row.peer])
        name = row.peer + (" (raw limit)" if row.limit else "")
        extra = row.extra()
        lines.append([name, f"{row.runs[0].ops:,}", number(row.median("ops_per_s")), f"{number(low)}–{number(high)}",
                      number(row.median("seconds")), number(row.median("cpu_us")),
                      f"{number(cpu_low)}–{number(cpu_high)}", number(row.median("rss_mib")), best, limit,
                      f"{max(run.others for run in row.runs):.0%}"]
                     + [number(extra[key]) if key in extra else "" for key in extras])
    for line in aligned(lines) if rows else []:
        print(line)
    disturbed = [row.peer for row in rows if row.median("seconds") > 0.2
                 and max(run.others for run in row.runs) > DISTURBED]
    if disturbed:
        print(f"  disturbed: other processes used more than {DISTURBED:.0%} of the machine during {', '.join(disturbed)}")
    for peer, reason in failures:
        print(f"  {reason}" if reason.startswith("peer ") else f"  {peer}: {reason}")


def write_records(group, rows, started, partial):
    """GROUP.jsonl, a line a case and peer. A run of some cases or peers only replaces their lines, which is why each line
    has the time its run began: only ratios within one run count."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{group}.jsonl"
    records = {}
    if partial and path.exists():
        for line in path.read_text().splitlines():
            old = json.loads(line)
            records[old["bench"], old["peer"]] = old
    for row in rows:
        records[row.case, row.peer] = row.record() | {"started": started}
    path.write_text("".join(json.dumps(record) + "\n" for record in records.values()))
    return path
