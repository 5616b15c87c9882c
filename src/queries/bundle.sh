# What a droplet tells of a run, for somebody else's eyes. The values of the stack's .env are taken out
# here, before anything leaves the droplet. Arguments: directory, run, delimiter, the stack's path.
dir=$1 run=$2 nonce=$3 path=$4
umask 077
cut=$(mktemp) values=$(mktemp) || exit 73
trap 'rm -f "$cut" "$values"' EXIT
trap 'exit 129' HUP INT TERM PIPE
# Short values are words like `odoo`: they stand everywhere and protect nothing.
grep -v '^COMPOSE_' "$path/.env" 2>/dev/null | sed -n 's/^[A-Za-z_][A-Za-z0-9_]*=//p' | sed "s/^'\(.*\)'\$/\1/; s/^\"\(.*\)\"\$/\1/" | awk 'length($0) >= 6' >"$values"
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
