// SPDX-License-Identifier: Apache-2.0
// conformance FILE.json        runs one program and prints its trace
// conformance -b               programs on standard input, one a line; after each trace a line %%END
// conformance --destroy-steps  likewise, but runs each program again and again, one loop iteration further each time,
//                              and destroys the loop there; after the trace a line says how many times
#include "tests/conformance/program.hpp"
#include "tests/conformance/trace.hpp"
#include "tests/conformance/world.hpp"

#include <corolla/runtime/memory.hpp>

#include <cstddef>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>

namespace {

using conformance::Program;
using conformance::Trace;
using conformance::World;

constexpr std::size_t kMostSteps = 2000;
constexpr std::size_t kSamples = 200;
constexpr std::size_t kStride = 50;

/// Looks for objects of the runtime that outlive a program.
class LeakCheck {
 public:
  /// Empty when nothing was left since this was made.
  [[nodiscard]] std::string leaks() const {
    const corolla::LiveObjects now = corolla::live_objects();
    if (now.frames == before_.frames && now.futures == before_.futures) return {};
    return "LEAK frames=" + std::to_string(now.frames - before_.frames) +
           " futures=" + std::to_string(now.futures - before_.futures);
  }

 private:
  corolla::LiveObjects before_ = corolla::live_objects();
};

/// An error of the interpreter, or of the program's text, ends the trace with a line that no trace has.
void run_guarded(Trace& trace, const std::function<void()>& run) {
  const LeakCheck check;
  try {
    run();
  } catch (const std::exception& error) {
    trace.add_error("ERROR " + std::string(error.what()));
  }
  if (const std::string left = check.leaks(); !left.empty()) trace.add_error(left);
}

Trace trace_of(const std::string& json) {
  Trace trace;
  run_guarded(trace, [&] {
    const Program program(json);
    World(program, trace).run();
  });
  return trace;
}

// All iterations up to kMostSteps, then kSamples more, kStride apart. The trace is that of the run that got to the end.
Trace destroy_at_every_step(const std::string& json) {
  Trace verdict;
  run_guarded(verdict, [&] {
    const Program program(json);
    std::size_t destroyed = 0;
    for (std::size_t steps = 0; steps < kMostSteps + kSamples * kStride; steps += steps < kMostSteps ? 1 : kStride) {
      const LeakCheck check;
      Trace trace;
      const bool ended = World(program, trace).run_steps(steps);
      if (const std::string left = check.leaks(); !left.empty()) {
        verdict.add_error("step " + std::to_string(steps) + ": " + left);
        return;
      }
      if (ended) {
        verdict = trace;
        break;
      }
      ++destroyed;
    }
    verdict.add_note("destroyed " + std::to_string(destroyed));
  });
  return verdict;
}

void print(const Trace& trace) {
  for (const std::string& line : trace.lines()) std::cout << line << '\n';
}

int serve(Trace (*run)(const std::string&)) {
  for (std::string line; std::getline(std::cin, line);) {
    if (line.empty()) continue;
    print(run(line));
    std::cout << "%%END" << std::endl;
  }
  return 0;
}

int run_file(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  if (!(text << file.rdbuf())) {
    std::cerr << "conformance: cannot read " << path << '\n';
    return 2;
  }
  const Trace trace = trace_of(text.str());
  print(trace);
  return trace.in_error() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const std::string_view mode = argc == 2 ? argv[1] : "";
  if (mode == "-b") return serve(trace_of);
  if (mode == "--destroy-steps") return serve(destroy_at_every_step);
  if (mode.empty() || mode.front() == '-') {
    std::cerr << "usage: conformance FILE.json | -b | --destroy-steps\n";
    return 2;
  }
  return run_file(argv[1]);
}
