# Counts test cases after a run of ctest: awk -f tests/count.awk CTEST_OUTPUT LastTest.log. What tests report of the
# conformance files and reasons for skipping go to the first lines of the output, "PASSED FAILED SKIPPED" is the last. A
# doctest program counts its cases; a case that prints "skipped: …" is a skipped one, unless it only left out an
# instruction set, and so is one that none of the program's tests ran. Any other test counts as one.

FNR == 1 { file++ }

# ctest's own output: "3/16 Test #3: ops/relu .....   Passed    0.01 sec"
file == 1 && /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
  name = $0
  sub(/^[^:]*: /, "", name)
  sub(/ .*/, "", name)
  verdict[name] = /\*\*\*Skipped/ ? "skipped" : / Passed +[0-9.]+ sec/ ? "passed" : "failed"
  next
}

# The log: every test's whole output.
file == 2 && /^[0-9]+\/[0-9]+ Testing: / { name = $0; sub(/^[^:]*: /, "", name); case_name = "" }
file == 2 && /^Command: / { program[name] = $2 }
file == 2 && /^TEST CASE:  / { case_name = substr($0, 13) }
file == 2 && /MESSAGE: conformance: / { sub(/.*MESSAGE: /, ""); print }
file == 2 && /skipped: / {
  reason = $0
  sub(/.*skipped: /, "", reason)
  sub(/ *$/, "", reason)
  if (reason !~ /^this processor has no/ && case_name != "" && !((name, case_name) in left_out)) {
    left_out[name, case_name]
    moved[name]++
  }
  reasons[reason]++
}
file == 2 && /^\[doctest\] test cases:/ {
  split($0, part, "|")
  summed[name] = 1
  passed_in[name] = part[2] + 0
  failed_in[name] = part[3] + 0
  cases_of[program[name]] = part[2] + part[3] + part[4]
}

END {
  for (name in verdict) {
    if (!summed[name]) {
      count[verdict[name]]++
      continue
    }
    if (moved[name] > passed_in[name]) moved[name] = passed_in[name]
    count["passed"] += passed_in[name] - moved[name]
    count["skipped"] += moved[name]
    cases_of[program[name]] -= passed_in[name] + failed_in[name]
    # A program that fails after its last case, for a leak say, is a failure, too.
    count["failed"] += failed_in[name] == 0 && verdict[name] == "failed" ? 1 : failed_in[name]
  }
  for (one in cases_of) count["skipped"] += cases_of[one]
  for (reason in reasons) printf "skipped: %s (%d times)\n", reason, reasons[reason]
  printf "%d %d %d\n", count["passed"], count["failed"], count["skipped"]
}
