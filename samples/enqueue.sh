#!/usr/bin/env bash
# Enqueues 1,000 jobs over the files of this checkout through the REST API and waits until all have ended.
# Usage: samples/enqueue.sh [address]; default http://127.0.0.1:5555. Needs curl and a running server.
set -euo pipefail
address=${1:-${MRQ_URL:-http://127.0.0.1:5555}}
cd "$(dirname "$0")/.."
count=1000
tag="enqueue.sh-$$-$(date +%s)"

curl -sf "$address/health/ready" >/dev/null || { echo "No MRQ server answers at $address. Start one: dotnet run --project Mrq.Server" >&2; exit 1; }

# One line a job: count, hash and compress each file, round and round until there are enough.
files=$(git ls-files '*.cs' '*.md' '*.css' '*.js' '*.sh' 2>/dev/null || find . -name '*.cs' -not -path '*/obj/*')
lines() {
  awk -v root="$PWD" -v tag="$tag" -v count="$count" '
    { gsub(/["\\]/, "\\\\&"); file[NR] = $0 }
    END {
      split("samples.count_words samples.hash_files samples.gzip", task, " ")
      for (i = 0; i < count; i++)
        printf "{\"path\":\"%s\",\"params\":{\"path\":\"%s/%s\"},\"tags\":[\"%s\"]}\n", task[i % 3 + 1], root, file[i % NR + 1], tag
    }' <<<"$files"
}

started=$(date +%s%N)
answer=$(lines | curl -sS --fail-with-body -X POST "$address/api/jobs/bulk?ids=false" -H 'Content-Type: application/x-ndjson' --data-binary @-)
echo "Enqueued: $answer"

total() { curl -sf "$address/api/jobs?tag=$tag&status=$1&limit=1000" | grep -o '"id":"' | wc -l; }
deadline=$((SECONDS + 300))
while [ "$(total live)" -gt 0 ]; do
  [ $SECONDS -lt $deadline ] || { echo "Not all jobs have ended after 300 s." >&2; exit 1; }
  sleep 0.2
done

echo "All have ended after $(( ($(date +%s%N) - started) / 1000000 )) ms: $(total success) succeeded, $(total error) did not."
echo "Look at them: $address/jobs?tag=$tag"
[ "$(total success)" -eq $count ]
