#!/usr/bin/env bash
# Installs what the tests need and runs them all. Usage: ./test.sh [filter], a filter as for dotnet test --filter.
# Ends with a line "N passed, N failed, N skipped"; exit code 0 only when none failed.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

needed=()
command -v chromium >/dev/null || needed+=(chromium)
command -v curl >/dev/null || needed+=(curl)
command -v node >/dev/null || needed+=(nodejs)
command -v npm >/dev/null || needed+=(npm)
command -v python3 >/dev/null || needed+=(python3)
{ PATH=$PATH:/sbin ldconfig -p 2>/dev/null || true; } | grep 'libmongoc-1\.0\.so\.0' >/dev/null || needed+=(libmongoc-1.0-0)
command -v redis-server >/dev/null || needed+=(redis-server)
if [ ${#needed[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "Install these with your package manager first: ${needed[*]}" >&2; exit 1; }
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "Installing ${needed[*]}"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
fi

standin=Mrq.Tests/Support/MongoStandIn
if [ ! "$standin/node_modules/.package-lock.json" -nt "$standin/package-lock.json" ]; then
  (cd "$standin" && npm ci --no-audit --no-fund --silent)
fi

# The specs read docker-compose.yml as text; where the real reader is there, it must accept it too.
if docker compose version >/dev/null 2>&1; then
  REDIS_PASSWORD=x MONGO_PASSWORD=x docker compose config --quiet
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
dotnet build Mrq.sln -c Release -v quiet
code=0
dotnet test Mrq.Tests -c Release --no-build --logger "trx;LogFileName=tests.trx" --logger "console;verbosity=minimal" \
  --results-directory "$results" ${1:+--filter "$1"} || code=$?

counters=$(grep -o '<Counters [^>]*' "$results/tests.trx" || true)
count() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
[ -n "$counters" ] || { echo "No test ran." >&2; exit 1; }
passed=$(count passed)
failed=$(count failed)
total=$(count total)
[ "$total" -gt 0 ] || { echo "No test ran." >&2; exit 1; }
echo "$passed passed, $failed failed, $((total - passed - failed)) skipped"
exit "$code"
