#!/bin/sh
# Steps that do nothing, as a careful engineer scripts them on the droplet: each in the journal before it starts
# and after it ends, the journal on the disk, a log of its own, a time limit, a session that outlives the link.
# Arguments: a directory that is not there yet; how many.
set -eu
umask 077
dir=$1 steps=$2
mkdir -p "$dir"
n=0
while [ "$n" -lt "$steps" ]; do
  n=$((n + 1))
  echo "$(date +%s) begin noop.$n" >>"$dir/journal"
  sync "$dir/journal"
  code=0
  setsid --wait timeout 60 sh -c true >"$dir/noop.$n.log" 2>&1 </dev/null || code=$?
  echo "$(date +%s) end noop.$n $code" >>"$dir/journal"
  sync "$dir/journal"
  [ "$code" = 0 ] || exit 1
done
echo "$n done"
