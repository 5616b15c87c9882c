# What a droplet tells of a run, for somebody else's eyes. The values of the stack's .env are taken out
# here, before anything leaves the droplet. Arguments: directory, run, delimiter, the stack's path.
dir=$1 run=$2 nonce=$3 path=$4
umask 077
cut=$(mktemp) values=$(mktemp) || exit 73
trap 'rm -f "$cut" "$values"' EXIT
trap 'exit 129' HUP INT TERM PIPE
# The values of a `.env` as Compose reads it, the longest first, so that a shorter one does not leave the end of a longer
# one. Each as it is written, as it is meant and as JSON has it; of several lines, each line. Short values are words like
# `odoo`: they stand everywhere and protect nothing.
values() {
  awk 'function add(text) { if (length(text) >= 6) print length(text) "\t" text }
    function escaped(text,   i, c, out) {
      for (i = 1; i <= length(text); i++) { c = substr(text, i, 1); out = out (c == "\\" || c == "\"" ? "\\" : "") c }
      return out
    }
    function meant(text,   i, c, out) {
      for (i = 1; i <= length(text); i++) { c = substr(text, i, 1); if (c == "\\") c = substr(text, ++i, 1); out = out c }
      return out
    }
    function tell(text) { add(text); add(escaped(text)); add(meant(text)); add(escaped(meant(text))) }
    function end_of(text,   i, c) {
      for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == quote) return i
        if (c == "\\" && quote == "\"") i++
      }
      return 0
    }
    function quoted(text,   end) {
      end = end_of(text)
      tell(end ? substr(text, 1, end - 1) : text)
      if (end) quote = ""
    }
    { sub(/\r$/, "") }
    # The quote may be one that never ends: what looks like a value is one all the same.
    quote != "" { line = $0; sub(/^[^=:]*[=:][ \t]*["\047]?/, "", line); sub(/["\047][ \t]*$/, "", line); tell(line); quoted($0); next }
    /^[ \t]*(export[ \t]+)?[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[=:]/ && !/^[ \t]*(export[ \t]+)?COMPOSE_/ {
      sub(/^[^=:]*[=:][ \t]*/, "")
      quote = substr($0, 1, 1)
      if (quote == "\"" || quote == "\047") { quoted(substr($0, 2)); next }
      quote = ""
      sub(/[ \t]+$/, "")
      tell($0)
      if (sub(/[ \t]+#.*$/, "")) tell($0)
    }' "$path/.env" | sort -rn | cut -f 2-
}
[ ! -e "$path/.env" ] || { [ -r "$path/.env" ] && values >"$values"; } || exit 73
hide() {
  awk -v file="$values" 'BEGIN { while ((getline value <file) > 0) all[++n] = value }
    { for (i = 1; i <= n; i++) while (at = index($0, all[i])) $0 = substr($0, 1, at - 1) "***" substr($0, at + length(all[i])); print }'
}
give() { # name; the text on stdin, its end where it is long
  hide | tail -c 200000 >"$cut"
  part "$1" 0 "$cut"
}
cd "$dir/runs/$run" 2>/dev/null || exit 44
for file in run.json plan.json journal.jsonl; do [ -s "$file" ] && give "$file" <"$file"; done
ls -tr steps | tail -n 60 | while read -r step; do
  { cat "steps/$step/code" 2>/dev/null; cat "steps/$step/log"; } | give "steps/$step.log"
done
{ uname -a; cat /etc/os-release; docker version; docker compose version; } 2>&1 | give droplet/versions.txt
{ docker ps --all --format 'table {{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}'; docker image ls 'ops/*'; } 2>&1 | give droplet/docker.txt
{ df -h; free -m; uptime; } 2>&1 | give droplet/machine.txt
tail -n 50 "$dir/audit.jsonl" 2>/dev/null | give droplet/audit.jsonl
cat "$dir/releases/current" 2>/dev/null | give droplet/current.txt
exit 0
