# What `ops harden` changed on this droplet, and what became of it. Argument: what ops keeps of the project. A line for each
# section: run, section, its last act, that act's code (or `-`), whether it is guarded still, when it goes back; newest first.
cd "$1/runs" 2>/dev/null || { printf 'all\tyes\n'; exit 0; }
# shellcheck disable=SC2045  # the newest first; names of runs have no blanks
for run in $(ls -t); do
  for all in "$run"/sections/harden.*; do
    [ -s "$all/acts" ] || continue
    act=$(tail -n 1 "$all/acts") code=- armed=no until=''
    [ ! -s "$all/$act/code" ] || code=$(cat "$all/$act/code")
    [ ! -e "$all/$act/armed" ] || armed=yes
    until=$(sed -n 's/^goes back at \(.* UTC\),.*/\1/p; q' "$run/steps/harden.prove.$act/log" 2>/dev/null)
    printf 'change\t%s\t%s\t%s\t%s\t%s\t%s\n' "$run" "${all##*/}" "$act" "$code" "$armed" "$until"
  done
done | head -n 100
echo 'all	yes'
