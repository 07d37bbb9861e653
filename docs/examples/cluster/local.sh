#!/usr/bin/env bash
# Solve on a Dask cluster of this one machine: a scheduler, two workers, and the command that uses them.
#   bash local.sh CASE --out RUN [options of placement solve]
set -euo pipefail
shared=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$shared"' EXIT

dask scheduler --host 127.0.0.1 --port 0 --no-dashboard --scheduler-file "$shared/scheduler.json" > "$shared/log" 2>&1 &
until [ -s "$shared/scheduler.json" ]; do sleep 0.2; done
dask worker --scheduler-file "$shared/scheduler.json" --nworkers 2 --nthreads 1 --no-dashboard --local-directory "$shared" >> "$shared/log" 2>&1 &

address=$(python -c "import json, sys; print(json.load(open(sys.argv[1]))['address'])" "$shared/scheduler.json")
python -c "import distributed, sys; distributed.Client(sys.argv[1]).wait_for_workers(2, timeout=60)" "$address"
placement solve "$@" --cluster "$address"
