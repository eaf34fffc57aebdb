#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes robots_cases.jsonl: random robots.txt files and what python3-protego (the parser Scrapy uses) says about them.

    apt-get install python3-protego && ./generate_robots_cases.py > robots_cases.jsonl

Left out, because protego differs there from RFC 9309 on purpose: an Allow of index.html (it allows the directory too), a
User-agent behind a Crawl-delay or a Sitemap (it starts a new group), two Crawl-delays for one agent (it takes the last,
corolla the longest), empty queries (it drops the "?"), product tokens that contain one another, '$' in the middle of a
path, and rules that begin with '*' (it makes them longer by a '/').
"""
import json
import random

from protego import Protego

AGENTS = ["corolla", "googlebot", "Yandex", "another_bot"]
SEGMENTS = ["a", "b", "ab", "public", "private", "x.html", "image.gif", "über", "a%2Fb", "c%C3%BC", "d%c3%bc", "%7Ejoe", "~joe", "p q"]


def path(rng, pattern):
    text = "/"
    for _ in range(rng.randint(0, 3)):
        text += rng.choice(SEGMENTS) + rng.choice(["/", "/", ""])
        if pattern and rng.random() < 0.25:
            text += "*"
    if rng.random() < 0.2:
        text += "?" + rng.choice(["id=1", "a=b&c=d", "q=*" if pattern else "q=x"])
    if pattern and rng.random() < 0.15:
        text += "$"
    return text


def group(rng, may_delay):
    lines = []
    for _ in range(rng.randint(1, 2)):
        agent = rng.choice(AGENTS + ["*", "*"])
        lines.append(rng.choice(["User-agent: ", "user-agent:", "User-Agent : ", "useragent: "]) + agent)
    if may_delay and rng.random() < 0.6:
        lines.append("Crawl-delay: " + rng.choice(["1", "2.5", "0.25", "10", "soon", ""]))
    for _ in range(rng.randint(1, 5)):
        key = rng.choice(["Disallow", "Disallow", "Allow", "disallow", "ALLOW", "Dissallow"])
        value = path(rng, True) if rng.random() < 0.9 else ""
        if key.lower() == "allow" and value.rstrip("$").endswith("index.html"):
            value = "/"
        lines.append(key + ": " + value + rng.choice(["", "", " ", " # why"]))
        if rng.random() < 0.1:
            lines.append(rng.choice(["", "# note", "Noindex: /x", "garbage"]))
    return lines


def main():
    rng = random.Random(20241105)
    for _ in range(250):
        lines = []
        groups = rng.randint(1, 4)
        delayed = rng.randrange(groups)
        for index in range(groups):
            lines += group(rng, index == delayed)
            if rng.random() < 0.3:
                lines.append("")
        if rng.random() < 0.3:
            lines.append("Sitemap: http://example.org/sitemap%d.xml" % rng.randint(1, 9))
        text = rng.choice(["\n", "\r\n", "\r"]).join(lines) + "\n"
        parsed = Protego.parse(text)
        agent = rng.choice(AGENTS)
        cases = []
        for _ in range(12):
            target = path(rng, False)
            if target.strip("/"):
                cases.append([target, parsed.can_fetch("http://example.org" + target, agent)])
        print(json.dumps({"robots": text, "agent": agent, "delay": parsed.crawl_delay(agent),
                          "sitemaps": list(parsed.sitemaps), "cases": cases}, ensure_ascii=False))


if __name__ == "__main__":
    main()
