# The images that backups run with, told by tags of restic: a backup has a tag `image-<16 digits>` for each that it names, an image
# itself the same and `image`. So a repository says by itself which images it still needs, wherever it is.

images_of() { # a manifest, or a record
  grep -o '"id":"sha256:[0-9a-f]*"' "$1" | sed 's/.*sha256:\([0-9a-f]*\)"/\1/' | sort -u
}
mark() { printf %s "image-$1" | cut -c 1-22; }
marks() { for one in $(images_of "$1"); do printf ',%s' "$(mark "$one")"; done; }

# A line for each snapshot: its id, its tags.
tagged() { # what restic says of all snapshots
  sed 's/{"time":/\n&/g' "$1" | sed -n 's/.*"tags":\[\([^]]*\)\].*"id":"\([0-9a-f]*\)".*/\2 \1/p' | tr -d '"' | tr ',' ' '
}

# Which no verified backup of the repository names any more. Their room is given back by the next prune.
forget_images() { # what restic says of all snapshots
  tagged "$1" | awk '{
      own = verified = 0
      for (i = 2; i <= NF; i++) { if ($i == "image") own = 1; if ($i == "verified") verified = 1 }
      for (i = 2; i <= NF; i++) if ($i ~ /^image-/) { if (own) names[$1] = $i; else if (verified) needed[$i] = 1 }
    }
    END { for (one in names) if (!(names[one] in needed)) print one }' >"$store/surplus"
  set --
  while read -r one; do set -- "$@" "$one"; done <"$store/surplus"
  [ $# = 0 ] || restic forget "$@" </dev/null >/dev/null
}
