#!/usr/bin/env bash
# Makes everything that people install, into artifacts/: the NuGet packages and a single file per platform.
# Usage: ./pack.sh [linux-x64|linux-arm64]..., by default both.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

rm -rf artifacts
dotnet pack Mrq.sln -c Release -o artifacts/packages
[ $# -gt 0 ] || set -- linux-x64 linux-arm64
for platform in "$@"; do
  dotnet publish Mrq.Server -p:PublishProfile="$platform"
done
ls -lh artifacts/*
