#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's side of benchmarks/step --inference; one line of JSON.

    onnxruntime_step.py --onnx FILE --size 256 --batch 2 --threads 2

FILE is what pytorch_step.py --export wrote for that size and batch. All optimisations of the graph are on.
"""
import argparse
import json
import resource
import statistics
import time

import side_by_side

side_by_side.require_modules("numpy", "onnxruntime")

import numpy  # noqa: E402
import onnxruntime  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    side_by_side.add_step(parser)
    parser.add_argument("--onnx", required=True, metavar="FILE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--warmup", type=int, default=2, help="steps before the timed ones")
    o = parser.parse_args()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = o.threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(o.onnx, options, providers=["CPUExecutionProvider"])
    x = numpy.random.default_rng(1).uniform(-1, 1, (o.batch, 3, o.size, o.size)).astype(numpy.float32)

    seconds = []
    for i in range(o.warmup + o.steps):
        start = time.perf_counter()
        session.run(None, {"x": x})
        if i >= o.warmup:
            seconds.append(time.perf_counter() - start)
    print(json.dumps({
        "peer": "onnxruntime " + onnxruntime.__version__,
        "images_per_second_best": o.batch / min(seconds),
        "images_per_second_median": o.batch / statistics.median(seconds),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


main()
