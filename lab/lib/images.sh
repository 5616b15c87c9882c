# Images: each built from its recipe when its content hash is not there yet.
# shellcheck shell=bash disable=SC2153,SC2154

# sha of everything a recipe is made from; the stand-in also takes files of the Odoo image.
recipe_sha() {
  local name=$1 dirs=() dir
  for dir in "$name" "${1/standin/odoo}"; do
    if [ -d "$LAB/images/$dir" ]; then
      dirs+=("images/$dir")
    fi
  done
  (cd "$LAB" && find "images/$name.sh" images/common.sh images/hook.sh images/sources.sh "${dirs[@]}" \
    -type f \( -perm /111 -printf 'x %p\n' -o -true \) -exec sha256sum {} + |
    LC_ALL=C sort -u | sha256sum | cut -c 1-16)
}

image_ref() {
  printf 'ops-lab/%s:%s' "$1" "$(recipe_sha "$1")"
}

have_image() {
  docker image inspect "$1" >/dev/null 2>&1
}

# mmdebstrap_image NAME: build ops-lab/NAME:SHA, unless it is there.
mmdebstrap_image() (
  set -euo pipefail
  name=$1
  ref=$(image_ref "$name")
  if have_image "$ref"; then
    exit 0
  fi
  recipe=$LAB/images/$name.sh
  second_suite='' one_suite=''
  # shellcheck source=/dev/null
  . "$LAB/images/common.sh"
  # shellcheck source=/dev/null
  . "$recipe"
  started=$SECONDS
  say "image $name: building from Debian packages ($suite)"
  options=("${mmdebstrap_options[@]}"
    "--include=$(IFS=,; echo "${packages[*]}")"
    "--essential-hook=bash '$LAB/images/hook.sh' before '$recipe' \"\$1\""
    "--customize-hook=bash '$LAB/images/hook.sh' after '$recipe' \"\$1\"")
  if [ -n "$second_suite" ]; then
    options+=("--aptopt=APT::Default-Release \"$suite\""
      "--setup-hook=bash '$LAB/images/sources.sh' $second_suite \"\$1\"")
  fi
  if [ -n "$one_suite" ]; then
    options+=("--setup-hook=bash '$LAB/images/sources.sh' one-suite \"\$1\"")
  fi
  import=()
  for change in "${changes[@]}"; do
    import+=(--change "$change")
  done
  id=$(mmdebstrap "${options[@]}" "$suite" - 2>"$BASE/image-$name.log" |
    docker import "${import[@]}" - 2>>"$BASE/image-$name.log") || {
    docker rmi "$id" >/dev/null 2>&1 || true
    tail -n 20 "$BASE/image-$name.log" >&2
    die "image $name could not be built; log: $BASE/image-$name.log"
  }
  docker tag "$id" "$ref"
  say "image $name: built in $((SECONDS - started)) s"
)

# thin_image BASE_REF NAME DOCKERFILE_LINES [FILE CONTENT]..: a layer on top of a built image.
# Prints its reference.
thin_image() (
  set -euo pipefail
  base=$1 name=$2 lines=$3
  shift 3
  ref=ops-lab/$name:$(printf '%s\n' "$base" "$lines" "$@" | sha256sum | cut -c 1-16)
  if ! have_image "$ref"; then
    context=$(mktemp -d)
    trap 'rm -rf "$context"' EXIT
    printf 'FROM %s\n%s\n' "$base" "$lines" >"$context/Dockerfile"
    while [ $# -gt 0 ]; do
      printf '%s\n' "$2" >"$context/$1"
      shift 2
    done
    chmod -R a+rX "$context"
    find "$context" -name '*.py' -exec chmod 0755 {} +
    DOCKER_BUILDKIT=0 docker build --quiet --tag "$ref" "$context" >/dev/null 2>"$BASE/image-$name.log" || {
      cat "$BASE/image-$name.log" >&2
      die "image $name could not be built"
    }
  fi
  echo "$ref"
)

crash_program="#!/usr/bin/python3
import sys
print('2026-01-01 00:00:00,000 1 INFO ? odoo: Odoo version 14.0', file=sys.stderr)
import odoo_module_that_is_not_there"

# What the registry holds: `NAME:TAG REFERENCE` lines. Builds what is missing. The demo needs two of them.
app_images() {
  local odoo standin postgres tag ref
  if [ "$SCOPE" = demo ]; then
    ref=$(thin_image "$(image_ref odoo)" odoo-a 'COPY tag /etc/odoo/image-tag' tag odoo:14.0-a) || return
    echo "odoo:14.0-a $ref"
    ref=$(thin_image "$(image_ref postgres)" postgres-15 'STOPSIGNAL SIGINT') || return
    echo "postgres:15 $ref"
    return
  fi
  odoo=$(image_ref odoo) standin=$(image_ref standin) postgres=$(image_ref postgres)
  for tag in a b; do
    ref=$(thin_image "$odoo" "odoo-$tag" 'COPY tag /etc/odoo/image-tag' tag "odoo:14.0-$tag") || return
    echo "odoo:14.0-$tag $ref"
  done
  ref=$(thin_image "$odoo" odoo-crash 'COPY crash.py /usr/bin/odoo' crash.py "$crash_program") || return
  echo "odoo:14.0-crash $ref"
  ref=$(thin_image "$postgres" postgres-15 'STOPSIGNAL SIGINT') || return
  echo "postgres:15 $ref"
  for tag in 1 2 crash sick; do
    ref=$(thin_image "$standin" "standin-$tag" $'COPY tag /etc/odoo/standin/tag\nCOPY mark /etc/odoo/standin/'"$tag" \
      tag "standin:$tag" mark yes) || return
    echo "standin:$tag $ref"
  done
  echo "restic:0.18 $(image_ref restic)"
}

# The images of a scope; the long one (Odoo) is first.
scope_images() {
  echo odoo droplet services postgres
  [ "$SCOPE" = demo ] || echo standin restic
}

# build_images [NAME..]: those of the scope and these, two at a time; the first has a lane of its own.
build_images() {
  local lane failed=0 names
  # shellcheck disable=SC2046
  set -- $(scope_images) "$@"
  mmdebstrap_image "$1" &
  lane=$!
  for name in "${@:2}"; do
    mmdebstrap_image "$name" || failed=1
  done
  wait "$lane" || failed=1
  [ "$failed" = 0 ] || exit 1
}

# missing_images NAME..: whether one of them has to be built.
missing_images() {
  local name
  for name in "$@"; do
    have_image "$(image_ref "$name")" || return 0
  done
  return 1
}

# The demo needs fewer images than the tests. Where all are built, it takes what is there.
scope_of_demo() {
  SCOPE=all
  # shellcheck disable=SC2046
  ! missing_images $(scope_images) || SCOPE=demo
}
