# The files of a schedule and its timer. Arguments: a verb; what ops keeps of the project; the name of its units; the run
# that changes them; then files, or what `check` wants. What was there before is kept below $all, of the last change only.
verb=$1 dir=$2 unit=$3 change=$4
shift 4
all=$dir/schedule/before units=/etc/systemd/system
before=$all/$change

check() { # calendar, directory of the metrics (or nothing)
  systemd-analyze calendar "$1" >/dev/null || { echo "systemd does not know the time $1"; exit 1; }
  [ -z "$2" ] || [ -d "$2" ] || { echo "there is no directory $2, which backup.textfile names"; exit 1; }
}

# What comes out of a program that is not ours is not shown at length. It is not moved before it is known to work.
program() { # what was sent, its sha256
  chmod 0700 "$1" || exit
  said=$(timeout 20 "$1" --version 2>&1 </dev/null | head -n 1 | head -c 300)
  case $said in
    "ops "[0-9]*) ;;
    *) rm -f "$1"; echo "it does not run here: $said"; echo "another one: ops schedule install --program FILE, for $(uname -sm)"; exit 1 ;;
  esac
  printf '%s %s\n' "$said" "$2" >"$dir/schedule/program.new" && mv -f "$1" "$dir/schedule/ops" &&
    mv -f "$dir/schedule/program.new" "$dir/schedule/program" && sync "$dir/schedule/ops"
}
# Its home has to be there: a program begins somewhere.
understood() {
  (umask 077 && mkdir -p "$dir/schedule/home") || exit
  said=$(HOME=$dir/schedule/home timeout 20 "$dir/schedule/ops" --config "$dir/schedule/inventory.yaml" config check 2>&1 </dev/null >/dev/null) &&
    return 0
  printf '%s\n' "$said" | head -c 2000
  echo "the ops that was sent does not understand this inventory"
  exit 1
}

# What it remembers of what it told: without it, the same is told once more.
forget() { rm -rf "$dir/schedule/home" "$dir/schedule/sent"; }

# What is there, and that nothing is there.
aside() { # files
  for old in "$all"/*/; do [ ! -d "$old" ] || [ "$old" = "$before/" ] || rm -rf "$old" || exit; done
  mkdir -p "$before" || exit
  for file; do
    kept=$before/${file##*/}
    if [ -e "$file" ]; then cp -p "$file" "$kept.new" && mv -f "$kept.new" "$kept"; else : >"$kept.none"; fi || exit
  done
}
# A change that did not come so far changed nothing.
back() { # files
  for file; do
    kept=$before/${file##*/}
    if [ -e "$kept" ]; then cp -p "$kept" "$file.ops-back" && mv -f "$file.ops-back" "$file" || exit
    elif [ -e "$kept.none" ]; then rm -f "$file" || exit
    fi
  done
}

# The timer as its file says, or none where there is none.
settle() {
  if [ -e "$units/$unit.timer" ]; then
    systemctl daemon-reload && systemctl enable --quiet "$unit.timer" && systemctl restart "$unit.timer"
  else
    systemctl stop "$unit.timer" 2>/dev/null
    rm -f "$units/timers.target.wants/$unit.timer" "/var/lib/systemd/timers/stamp-$unit.timer"
    systemctl daemon-reload
    systemctl reset-failed "$unit.timer" "$unit.service" "$unit-failed.service" 2>/dev/null
    return 0
  fi
}

# Nothing of it begins any more, and a program that waits for the lock ends.
end() {
  for one in timer service; do systemctl stop "$unit.$one" 2>/dev/null; done
  systemctl stop "$unit-failed.service" 2>/dev/null
  return 0
}

case $verb in
  check) check "$@" ;;
  program) program "$@" ;;
  understood) understood ;;
  forget) forget ;;
  aside) aside "$@" ;;
  back) back "$@" ;;
  settle) settle ;;
  end) end ;;
  *) exit 71 ;;
esac
