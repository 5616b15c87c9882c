#!/bin/bash
# Run by mmdebstrap's setup hook: sources.sh one-suite|SECOND-SUITE ROOT
# one-suite keeps the suite itself only: what was moved out of an old suite's security archive is
# still listed there, and every download of it fails. Otherwise: a second suite from the same mirror.
set -eu
what=$1 root=$2
list=$root/etc/apt/sources.list
first=$(grep -m 1 '^deb ' "$list")
case $what in
  one-suite) echo "$first" >"$list" ;;
  *) echo "$first" | sed -E "s/ [a-z]+ main/ $what main/" >"$root/etc/apt/sources.list.d/second.list" ;;
esac
