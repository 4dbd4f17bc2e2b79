# SPDX-License-Identifier: Apache-2.0
"""What the comparisons share: processes that are run in turn, and the table of their ratios."""
import ctypes.util
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def require_modules(*names):
    """Ends the program with one clear line unless this Python has these modules."""
    missing = " ".join(name for name in names if importlib.util.find_spec(name) is None)
    if missing:
        sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {sys.executable} lacks {missing}; an environment that has them: "
                 f"python3 -m venv peers && peers/bin/pip install {missing}")


def add_network(parser):
    """The options that decide what is computed."""
    parser.add_argument("--model", choices=("unet", "segnet", "segnet_bn"), default="unet")
    parser.add_argument("--base", type=int, default=64, help="channels of the first level")
    parser.add_argument("--bottleneck", type=int, default=1024,
                        help="channels of UNet's lowest level; 0: those of the level above")
    parser.add_argument("--threads", type=int, default=2)


def add_step(parser):
    parser.add_argument("--size", type=int, default=256, help="height and width of the images")
    parser.add_argument("--batch", type=int, default=2, help="images a step")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of a process, of which the median is taken")


def add_rounds(parser):
    parser.add_argument("--step", required=True, help="the program build/release/benchmarks/step")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn")
    parser.add_argument("--peers", type=lambda text: text.split(","), help="only these rows, e.g. pytorch,tcmalloc")


def as_options(namespace, *names):
    """['--size', '256', …] for another process."""
    return [text for name in names for text in ("--" + name, str(getattr(namespace, name)))]


def tcmalloc():
    """What LD_PRELOAD takes; None, said aloud, where there is none."""
    found = ctypes.util.find_library("tcmalloc") or ctypes.util.find_library("tcmalloc_minimal")
    if not found:
        print("no tcmalloc found (Debian's libgoogle-perftools4): peers run without it", file=sys.stderr)
    return found


def output_of(command, preload=None):
    """What a program writes; where it fails, the end of this one, with the last that it said."""
    environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    if preload:
        environment["LD_PRELOAD"] = preload
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
    except OSError as e:
        sys.exit(f"{words[0]}: {e.strerror}")
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit status {done.returncode}\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def run(command, preload=None):
    """The line of JSON that a program ends with."""
    return json.loads(output_of(command, preload).strip().splitlines()[-1])


def chosen(rows, names):
    """The rows of these names; ours, the first, in any case."""
    if names is None:
        return rows
    unknown = set(names) - set(rows)
    if unknown:
        sys.exit(f"no peer is called {', '.join(sorted(unknown))}; there are {', '.join(list(rows)[1:])}")
    return {name: row for i, (name, row) in enumerate(rows.items()) if i == 0 or name in names}


def interleave(rows, rounds):
    """{name: results of each round}: A B C A B C …"""
    results = {name: [] for name in rows}
    for _ in range(rounds):
        for name, one in rows.items():
            results[name].append(one())
    counts = {r["parameters"] for each in results.values() for r in each if "parameters" in r}
    if len(counts) > 1:
        sys.exit(f"the networks differ: {sorted(counts)} parameters")
    return results


def ratios(ours, theirs):
    """How many times as quick ours is, round by round."""
    return [a["images_per_second_median"] / b["images_per_second_median"] for a, b in zip(ours, theirs)]


def speed(each):
    return statistics.median(r["images_per_second_median"] for r in each)


def memory(each):
    return max(r["peak_rss_bytes"] for r in each)


def print_table(what, results):
    """A table in Markdown: ours is the first row, and each ratio is ours to that row's."""
    ours = next(iter(results.values()))
    peers = sorted({r["peer"] for each in results.values() for r in each if "peer" in r})
    print(f"\n{what}, rounds: {len(ours)}; {ours[0]['parameters'] / 1e6:.2f} M parameters; {', '.join(peers)}\n")
    print("| | images/s | ratio | smallest to largest | peak RSS, MB | ratio |\n|---|---|---|---|---|---|")
    for name, each in results.items():
        row = f"| {name} | {speed(each):.3f} |"
        if each is ours:
            print(f"{row} | | {memory(each) / 1e6:.0f} | |")
        else:
            by_round = ratios(ours, each)
            print(f"{row} {statistics.median(by_round):.2f} | {min(by_round):.2f} to {max(by_round):.2f} "
                  f"| {memory(each) / 1e6:.0f} | {memory(ours) / memory(each):.2f} |")
    share = statistics.median(r["percent_of_peak"] for r in ours)
    print(f"\nlamina: {share:.0f} % of the multiply-add peak measured in the same runs", flush=True)
