# SPDX-License-Identifier: Apache-2.0
"""Each check of scripts/checks/, and the tally, catches what it is there for: a violation planted in a small tree."""
import pathlib
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"

GOOD = {
    "include/corolla/runtime/loop.hpp": SPDX + "#pragma once\n#include <corolla/runtime/api.hpp>\n\n#include <string>\n",
    "include/corolla/runtime/api.hpp": SPDX + "#pragma once\n",
    "include/corolla/net/stream.hpp": SPDX + "#pragma once\n#include <corolla/runtime/loop.hpp>\n",
    "include/corolla/http/session.hpp": SPDX + "#pragma once\n#include <corolla/net/stream.hpp>\n",
    "include/corolla/testkit/clock.hpp": SPDX + "#pragma once\n#include <corolla/runtime/loop.hpp>\n",
    "src/backend/poll.hpp": SPDX + "#pragma once\n",
    "src/runtime/loop.cpp": SPDX + '#include <corolla/runtime/loop.hpp>\n\n#include "backend/poll.hpp"\n',
    "src/runtime/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\n",
    "src/net/socket.hpp": SPDX + "#pragma once\n",
    "src/net/stream.cpp": SPDX + '#include "backend/poll.hpp"\n#include "socket.hpp"\n',
    "src/net/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\n",
    "src/http/session.cpp": SPDX + "#include <corolla/http/session.hpp>\n",
    "src/http/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\n",
    "src/testkit/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\n",
    "tests/http/session_test.cpp": SPDX + "#include <corolla/testkit/clock.hpp>\n",
}


class CheckTest(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        for name, text in GOOD.items():
            self.write(name, text)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run_check(self, name, *arguments):
        run = subprocess.run([SCRIPTS / name, *arguments], capture_output=True, text=True, check=False)
        return run.returncode, run.stdout + run.stderr

    def assert_clean(self, check):
        code, output = self.run_check("checks/" + check, "--root", self.root)
        self.assertEqual(code, 0, output)

    def assert_caught(self, check, *words):
        code, output = self.run_check("checks/" + check, "--root", self.root)
        self.assertNotEqual(code, 0, output)
        for word in words:
            self.assertIn(word, output)


class ImportsTest(CheckTest):
    def test_good_tree(self):
        self.assert_clean("imports")

    def test_direction(self):
        for path, include in [
            ("src/runtime/bad.cpp", "<corolla/net/stream.hpp>"),
            ("src/net/bad.cpp", "<corolla/http/session.hpp>"),
            ("include/corolla/net/bad.hpp", "<corolla/http/session.hpp>"),
            ("src/http/bad.cpp", "<corolla/testkit/clock.hpp>"),
            ("apps/corolla/bad.cpp", "<corolla/testkit/clock.hpp>"),
            ("src/backend/bad.cpp", "<corolla/runtime/loop.hpp>"),
        ]:
            with self.subTest(path=path, include=include):
                self.write(path, SPDX + f"#include {include}\n")
                self.assert_caught("imports", path, "must not include")
                (self.root / path).unlink()

    def test_error_vocabulary_is_for_all(self):
        self.write("src/backend/fine.cpp", SPDX + "#include <corolla/runtime/api.hpp>\n")
        self.assert_clean("imports")
        self.write("include/corolla/runtime/error.hpp", SPDX + "#include <corolla/runtime/loop.hpp>\n")
        self.assert_caught("imports", "vocabulary of all rooms must not include corolla/runtime/loop.hpp")

    def test_private_headers(self):
        self.write("src/http/bad.cpp", SPDX + '#include "net/socket.hpp"\n')
        self.assert_caught("imports", "src/http/bad.cpp:2", "private to net")
        self.write("src/http/bad.cpp", SPDX + '#include "backend/poll.hpp"\n')
        self.assert_caught("imports", "src/http/bad.cpp:2")

    def test_private_header_in_public_one(self):
        self.write("include/corolla/net/bad.hpp", SPDX + '#include "net/socket.hpp"\n')
        self.assert_caught("imports", "a public header includes the private src/net/socket.hpp")

    def test_cycle(self):
        self.write("include/corolla/runtime/api.hpp", SPDX + "#include <corolla/runtime/loop.hpp>\n")
        self.assert_caught("imports", "cycle")

    def test_unresolved(self):
        self.write("src/http/bad.cpp", SPDX + "#include <corolla/http/missing.hpp>\n")
        self.assert_caught("imports", "no such header: corolla/http/missing.hpp")

    def test_mirror(self):
        self.write("include/corolla/sync/lock.hpp", SPDX)
        self.assert_caught("imports", "include/corolla/sync has no src/sync")

    def test_unknown_room(self):
        self.write("src/cellar/wine.cpp", SPDX)
        self.assert_caught("imports", "cellar")

    def test_length(self):
        self.write("src/net/long.cpp", SPDX + "\n" * 500)
        code, output = self.run_check("checks/imports", "--root", self.root)
        self.assertEqual(code, 0)
        self.assertIn("src/net/long.cpp: 501 lines", output)
        self.write("src/net/long.cpp", SPDX + "\n" * 800)
        self.assert_caught("imports", "801 lines")

    def test_text_rules(self):
        for path, text, words in [
            ("src/net/bad.cpp", "int x;\n", "SPDX"),
            ("scripts/bad", "#!/bin/sh\n", "SPDX"),
            ("src/net/bad.cpp", SPDX + "// TODO: finish\n", "unfinished"),
            ("src/net/CMakeLists.txt", SPDX + "<" * 7 + " HEAD\na\n=======\nb\n" + ">" * 7 + " 1234\n", "merge"),
            ("include/corolla/net/bad.hpp", SPDX + "using namespace std;\n", "using namespace"),
            ("tests/net/bad_test.cpp", SPDX + "EXPECT_TRUE(true);\n", "cannot fail"),
            ("tests/net/bad_test.cpp", SPDX + "std::this_thread::sleep_for(1ms);\n", "sleeps"),
        ]:
            with self.subTest(words=words, path=path):
                self.write(path, text)
                self.assert_caught("imports", path, words)
                (self.root / path).unlink()

    def test_empty_tree_is_no_success(self):
        with tempfile.TemporaryDirectory() as empty:
            code, _ = self.run_check("checks/imports", "--root", empty)
            self.assertNotEqual(code, 0)


class HeadersTest(CheckTest):
    def test_good_tree(self):
        self.assert_clean("headers")

    def test_does_not_compile_alone(self):
        self.write("include/corolla/net/bad.hpp", SPDX + "#pragma once\ninline std::string text;\n")
        self.assert_caught("headers", "corolla/net/bad.hpp does not compile alone with g++",
                           "corolla/net/bad.hpp does not compile alone with clang++-19")

    def test_no_include_guard(self):
        self.write("include/corolla/net/bad.hpp", SPDX + "struct Twice {};\n")
        self.assert_caught("headers", "redefinition")

    def test_platform_headers(self):
        for name in ("<sys/socket.h>", "<unistd.h>", "<liburing.h>", "<openssl/ssl.h>", "<sqlite3.h>", '"local.hpp"'):
            with self.subTest(name=name):
                self.write("include/corolla/net/bad.hpp", SPDX + f"#pragma once\n#include {name}\n")
                self.assert_caught("headers", f"a public header includes {name}")


class FormatTest(CheckTest):
    def test_good_tree(self):
        self.assert_clean("format")

    def test_bad_layout(self):
        self.write("src/net/bad.cpp", SPDX + "int  f( ){return 1 ;}\n")
        self.assert_caught("format", "src/net/bad.cpp")


class DocsTest(CheckTest):
    """The good tree with its documentation."""

    def setUp(self):
        super().setUp()
        self.write("examples/hello.cpp", SPDX + "int main() {\n  return 0;\n}\n")
        self.write("tests/net/stream_test.cpp", SPDX + "TEST_F(StreamTest, Reads) {}\n")
        self.write("README.md", "# corolla\n\nSee [the index](docs/index.md#the-index).\n")
        self.write("docs/index.md", "# The index\n\n```cpp examples/hello.cpp\n  return 0;\n}\n```\n")
        for room, headers in {"runtime": ("loop", "api"), "net": ("stream",), "http": ("session",), "testkit": ("clock",)}.items():
            self.write(f"docs/reference/{room}.md", "# A room\n\n" + "".join(f"- `corolla/{room}/{h}.hpp`\n" for h in headers))
        self.write("bin/corolla", "#!/bin/sh\necho usage: corolla $1 --depth N --help\n")
        (self.root / "bin/corolla").chmod(0o755)

    def run_check(self, name, *arguments):
        return super().run_check(name, *arguments, "--binary", self.root / "bin/corolla")

    def test_good_tree(self):
        self.assert_clean("docs")

    def test_violations(self):
        for text, words in [
            ("```cpp examples/hello.cpp\n  return 1;\n```\n", "does not stand in examples/hello.cpp"),
            ("```cpp examples/hello.cpp\nreturn 0;\n```\n", "does not stand in examples/hello.cpp"),
            ("```cpp\nint main() {\n```\n", "without the file it is from"),
            ("```cpp examples/gone.cpp\nint main() {\n```\n", "no such file: examples/gone.cpp"),
            ("[a](gone.md)\n", "a link to nowhere: gone.md"),
            ("[a](index.md#elsewhere)\n", "no heading for #elsewhere"),
            ("`corolla/net/gone.hpp`\n", "no such header: corolla/net/gone.hpp"),
            ("`examples/gone.cpp`\n", "no such example: examples/gone.cpp"),
            ("`StreamTest.Writes`\n", "no such test: StreamTest.Writes"),
            ("    corolla crawl --width 3\n", "corolla crawl has no --width"),
            ("`build/release/bin/corolla serve --width 3`\n", "corolla serve has no --width"),
        ]:
            with self.subTest(text=text):
                self.write("docs/bad.md", "# Bad\n\n" + text)
                self.assert_caught("docs", "docs/bad.md:", words)

    def test_what_is_there_is_found(self):
        self.write("docs/good.md", "`StreamTest.Reads`, `corolla crawl --depth 3`, `corolla/net/stream.hpp`,"
                   " [web](https://a.example/), `examples/hello.cpp`\n")
        self.assert_clean("docs")

    def test_every_header_and_option_is_mentioned(self):
        self.write("include/corolla/net/server.hpp", SPDX + "/// \\file\n/// Serves. And more.\n#pragma once\n")
        self.assert_caught("docs", "docs/reference/net.md does not mention corolla/net/server.hpp")
        self.run_check("checks/docs", "--root", self.root, "--fix")
        self.assertTrue((self.root / "docs/reference/net.md").read_text().endswith("server.hpp): Serves.\n"))
        self.assert_clean("docs")
        self.write("docs/command.md", "# The command\n\n`--help`\n")
        self.assert_caught("docs", "docs/command.md does not mention --depth of corolla crawl")


class ConformanceTest(CheckTest):
    HEAD = "# A page\n\n| method | test | note |\n|---|---|---|\n"
    ROWS = "| `A.test_a` | `StreamTest.Reads`, `StreamTest.Writes` | |\n| `A.test_b` | — | the text of repr() |\n"

    def setUp(self):
        super().setUp()
        self.write("tests/net/stream_test.cpp", SPDX + "TEST(StreamTest, Reads) {}\nTEST_F(StreamTest, Writes) {}\n"
                   "TEST(StreamTest, DISABLED_Closes) {}\n")
        self.write("docs/conformance.md", "# Index\n\n| file | methods | covered | cannot apply |\n|---|---|---|---|\n\nEnd.\n")
        self.page(self.ROWS)
        self.run_check("checks/conformance", "--root", self.root, "--fix")

    def page(self, rows):
        self.write("docs/conformance/test_a.md", self.HEAD + rows.replace("| |", "|  |"))

    def test_good_pages(self):
        self.assert_clean("conformance")
        text = (self.root / "docs/conformance.md").read_text()
        self.assertIn("| [test_a](conformance/test_a.md) | 2 | 1 | 1 |\n| all | 2 | 1 | 1 |\n\nEnd.\n", text)

    def test_bad_rows(self):
        for row, words in [
            ("| `A.test_c` | `StreamTest.Closes` | |\n", "no such test: StreamTest.Closes"),
            ("| `A.test_c` | `StreamTest.Reads`, `Gone.Reads` | |\n", "no such test: Gone.Reads"),
            ("| `A.test_c` | — | |\n", "A.test_c has neither a test nor a reason"),
            ("| `A.test_c` | — | — |\n", "A.test_c has neither a test nor a reason"),
            ("| `A.test_c` | | why |\n", "not a row of this form"),
            ("| `A.test_c` | StreamTest.Reads | |\n", "not a row of this form"),
            ("| A.test_c | — | why |\n", "not a row of this form"),
            ("| `A.test_a` | `StreamTest.Reads` | |\n", "A.test_a is listed twice"),
        ]:
            with self.subTest(row=row):
                self.page(self.ROWS + row)
                self.assert_caught("conformance", "docs/conformance/test_a.md:7: ", words)

    def test_features(self):
        head = "| feature | corolla | aiohttp |\n|---|---|---|\n| pools | N | Y |\n"
        self.write("docs/http-features.md", head + "| reading | Y `StreamTest.Reads`, `StreamTest.Writes` | Y |\n")
        self.assert_clean("conformance")
        for row, words in [("| reading | Y | Y |\n", "N, or Y and the tests that show it"),
                           ("| reading | Y `StreamTest.Closes` | N |\n", "no such test: StreamTest.Closes")]:
            with self.subTest(row=row):
                self.write("docs/http-features.md", head + row)
                self.assert_caught("conformance", "docs/http-features.md:4: ", words)

    def test_totals(self):
        self.page(self.ROWS + "| `A.test_c` | `StreamTest.Reads` | |\n")
        self.assert_caught("conformance", "docs/conformance.md should say: | all | 3 | 2 | 1 |")
        self.write("docs/conformance/test_queues.md", self.HEAD + self.ROWS.replace("| |", "|  |"))
        self.assert_caught("conformance", "docs/conformance/test_queues.md: 2 methods, but CPython's file has 41")
        self.write("docs/conformance.md", "# Index\n")
        self.assert_caught("conformance", "docs/conformance.md has no table")


class TallyTest(CheckTest):
    def tally(self, entries, reports):
        cases = "".join(f'<testcase name="{name}" status="{status}"/>' for name, status in entries.items())
        self.write("results/ctest.junit", f"<testsuite>{cases}</testsuite>")
        for name, text in reports.items():
            self.write(f"results/{name}.xml", text)
        code, output = self.run_check("tally", self.root / "results")
        return code, output.splitlines()[-1]

    def report(self, *cases):
        return "<testsuites><testsuite>" + "".join(cases) + "</testsuite></testsuites>"

    GOOD_CASE = '<testcase name="a" classname="S" status="run" result="completed"/>'
    BAD_CASE = '<testcase name="b" classname="S" status="run" result="completed"><failure/></testcase>'
    SKIPPED_CASE = '<testcase name="c" classname="S" status="run" result="skipped"/>'

    def test_cases_and_plain_entries(self):
        code, line = self.tally({"unit": "run", "script": "run"},
                                {"unit": self.report(self.GOOD_CASE, self.GOOD_CASE, self.SKIPPED_CASE)})
        self.assertEqual((code, line), (0, "3 passed, 0 failed"))

    def test_failed_case(self):
        code, line = self.tally({"unit": "fail"}, {"unit": self.report(self.GOOD_CASE, self.BAD_CASE)})
        self.assertEqual((code, line), (1, "1 passed, 1 failed"))

    def test_crash_without_report(self):
        code, line = self.tally({"unit": "fail", "script": "run"}, {})
        self.assertEqual((code, line), (1, "1 passed, 1 failed"))

    def test_leak_found_at_exit(self):
        code, line = self.tally({"unit": "fail"}, {"unit": self.report(self.GOOD_CASE)})
        self.assertEqual((code, line), (1, "1 passed, 1 failed"))

    def test_nothing_ran(self):
        self.assertEqual(self.tally({}, {}), (1, "0 passed, 0 failed"))


if __name__ == "__main__":
    unittest.main()
