#!/usr/bin/env bash
# Makes everything that people install, into artifacts/: the NuGet packages and a single file per platform.
# Usage: ./pack.sh [linux-x64|linux-arm64]...
# A platform that is asked for by name must succeed. Without a name all are tried, and at the end it is said which could not be made, and why: the feed may have the runtime of some only.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

rm -rf artifacts
dotnet pack Mrq.sln -c Release -o artifacts/packages

log=$(mktemp)
trap 'rm -f "$log"' EXIT
made=() missing=()
platforms=("$@")
[ $# -gt 0 ] || platforms=(linux-x64 linux-arm64)
for platform in "${platforms[@]}"; do
  if dotnet publish Mrq.Server -p:PublishProfile="$platform" 2>&1 | tee "$log"; then
    made+=("$platform")
  else
    rm -rf "artifacts/$platform"
    reason=$(grep -m 1 -oE 'error [A-Z]+[0-9]+: .*' "$log" || echo "see above")
    missing+=("$platform: ${reason% \[*}")
  fi
done

ls -lh artifacts/*
printf '\nMade: packages%s\n' "${made[*]+, single file for ${made[*]}}"
if [ ${#missing[@]} -gt 0 ]; then
  printf 'Not made: %s\n' "${missing[@]}" >&2
  # Whoever named it wants it; otherwise what could be made is all that was asked for.
  [ $# -eq 0 ]
fi
