#!/bin/bash
# Run by mmdebstrap: hook.sh before|after RECIPE ROOT
set -eu
when=$1 recipe=$2 root=$3
images=$(dirname "$recipe")
name=$(basename "$recipe" .sh)
# shellcheck source=/dev/null
. "$images/common.sh"
# shellcheck source=/dev/null
. "$recipe"
case $when in
  before)
    before_packages "$root"
    ;;
  after)
    if [ -d "$images/$name" ]; then
      cp -a --no-preserve=ownership "$images/$name/." "$root/"
    fi
    customize "$root"
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin "$root/etc/apt/sources.list.d/second.list"
    ;;
esac
