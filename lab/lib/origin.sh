# The git origin: git@git.lab:/srv/git/odoo-ce.git, a known history with fixed commit ids.
# shellcheck shell=bash

ORIGIN_PATH=/srv/git/odoo-ce.git

# The bare repository on this machine, built when the recipe of its history changed.
origin_repository() {
  local sha
  sha=$(cd "$LAB" && find origin -type f \( -perm /111 -printf 'x %p\n' -o -true \) -exec sha256sum {} + |
    LC_ALL=C sort -u | sha256sum | cut -c 1-16)
  if [ ! -d "$BASE/origin-$sha" ]; then
    rm -rf "$BASE/origin-new"
    bash "$LAB/origin/build.sh" "$BASE/origin-new" >&2 || die "the git origin could not be built"
    mv "$BASE/origin-new" "$BASE/origin-$sha"
  fi
  echo "$BASE/origin-$sha"
}

# Nothing is touched when its branches are what they should be: others may be fetching.
origin_reset() {
  local repository new=$ORIGIN_PATH.new
  repository=$(locked origin origin_repository)
  if [ "$(git -C "$repository" for-each-ref)" = "$(docker exec --user git --workdir /srv/git "$SERVICES" \
    sh -c "cd $ORIGIN_PATH && git for-each-ref" 2>/dev/null)" ]; then
    return 0
  fi
  docker exec "$SERVICES" sh -c "rm -rf $new && mkdir -p $new && chown git:git $new"
  tar -C "$repository" --owner=1000 --group=1000 -cf - . | docker exec -i "$SERVICES" tar -C "$new" -xpf -
  docker exec "$SERVICES" sh -c "rm -rf $ORIGIN_PATH.old && if [ -d $ORIGIN_PATH ]; then mv $ORIGIN_PATH $ORIGIN_PATH.old; fi &&
    mv $new $ORIGIN_PATH && rm -rf $ORIGIN_PATH.old"
}

origin_refs() {
  local repository
  repository=$(locked origin origin_repository)
  git -C "$repository" for-each-ref --format '%(objectname:short=10) %(refname:lstrip=2)|%(subject)' refs/heads refs/tags |
    awk -F '|' '{ printf "%-42s %s\n", $1, $2 }'
}
