# SPDX-License-Identifier: Apache-2.0
"""Runs an example against a web site of this process's own and compares what it prints.

usage: http_site.py [--sorted] [--stdin TEXT] PROGRAM EXPECTED [ARGUMENT]...

EXPECTED is a file. In it and in arguments {SITE} stands for http://{HOST}:{PORT}, {NOBODY} for a URL where nobody listens,
{TMP} for a directory that is removed at the end. With --sorted the order of lines does not count.
"""
import argparse
import http.server
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

MOVIES = {1: ("肖申克的救赎", "9.7", "弗兰克·德拉邦特", "英语"), 2: ("霸王别姬", "9.6", "陈凯歌", "汉语普通话"),
          3: ("阿甘正传", "9.5", "罗伯特·泽米吉斯", "英语"), 5: ("美丽人生", "9.5", "罗伯托·贝尼尼", "意大利语 / 德语 / 英语")}


def list_page(start):
    items = "".join(f'<div class="item"><a href="/subject/{n}/">{n}</a></div>' for n in range(start + 1, start + 4))
    return f"<html><body>{items}</body></html>"


def movie_page(number):
    name, score, director, language = MOVIES[number]
    return (f'<html><head><title>{name}</title></head><body><h1><span property="v:itemreviewed">{name}</span></h1>'
            f'<strong property="v:average">{score}</strong> <a rel="v:directedBy" href="#">{director}</a><br/>'
            f'<span class="pl">语言:</span> {language}<br/></body></html>')


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self, body, status=200, kind="text/html; charset=utf-8", **fields):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        parts = path.strip("/").split("/")
        if parts[0] == "page":
            self.answer(f"<title>Page {parts[1]}</title>")
        elif parts[0] == "agent":
            fields = ("User-Agent", "Accept-Language", "Accept")
            self.answer("; ".join(f"{f}={self.headers[f]}" for f in fields), kind="text/plain")
        elif parts[0] == "image":
            self.answer(b"GIF89a" + bytes(1000), kind="image/gif")
        elif parts[0] == "top250":
            self.answer(list_page(int(query.removeprefix("start="))))
        elif parts[0] == "subject" and int(parts[1]) in MOVIES:
            self.answer(movie_page(int(parts[1])))
        elif parts[0] == "large":
            self.answer(bytes(2_000_000), kind="application/octet-stream")
        elif parts == ["api", "notes"] and self.headers["Cookie"] == "session=secret":
            title = urllib.parse.parse_qs(query)["title"]
            self.answer(json.dumps([note for note in self.server.notes if note["title"] in title]), kind="application/json")
        elif parts[0] == "stalled":
            self.server.released.wait()
        else:
            self.answer("nothing here", status=404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/api/login" and urllib.parse.parse_qs(body) == {"user": ["ada"], "password": ["l&velace"]}:
            self.answer("", Set_Cookie="session=secret; Path=/api; HttpOnly")
        elif self.path == "/api/notes" and self.headers["Cookie"] == "session=secret":
            self.server.notes.append({"id": len(self.server.notes) + 1} | json.loads(body))
            self.answer(json.dumps(self.server.notes[-1]), status=201, kind="application/json")
        else:
            self.answer("not for you", status=403)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass  # an example may well leave in the middle

    def __init__(self, *args):
        super().__init__(*args)
        self.released = threading.Event()
        self.notes = []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("expected", type=pathlib.Path)
    parser.add_argument("--sorted", action="store_true")
    parser.add_argument("--stdin", default="")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as temporary, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        server = Server(("127.0.0.1", 0), Site)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        host, port = server.server_address
        names = {"SITE": f"http://{host}:{port}", "NOBODY": f"http://127.0.0.1:{nobody.getsockname()[1]}",
                 "HOST": host, "PORT": str(port), "TMP": temporary}

        def real(text):
            for name, value in names.items():
                text = text.replace("{" + name + "}", value)
            return text

        start = time.monotonic()
        done = subprocess.run([options.program, *map(real, options.arguments)], input=options.stdin.encode(),
                              capture_output=True, timeout=60)
        print(f"{time.monotonic() - start:.3f} s")
        server.released.set()
        server.shutdown()

        got = done.stdout.decode().splitlines()
        wanted = real(options.expected.read_text(encoding="utf-8")).splitlines()
        if options.sorted:
            got, wanted = sorted(got), sorted(wanted)
        if done.returncode != 0 or got != wanted:
            print(f"exit code {done.returncode}", done.stderr.decode(), "--- printed", *got, "--- expected", *wanted, sep="\n")
            return 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
