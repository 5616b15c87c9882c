# Asks one of the user's own checks and judges it, on the droplet, where no laptop may be there to do it.
# Arguments: project; web service; database service; name; weight (takes-back or warns); the probe as a script;
# then what is wanted: http STATUS TEXT MILLISECONDS (empty: any), sql OP VALUE, tcp.
project=$1 web=$2 db=$3 name=$4 weight=$5 probe=$6 kind=$7
shift 7

find_container() {
  docker ps -q --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1" \
    --filter label=com.docker.compose.oneoff=False | head -n 1
}

judge() { # what the probe said
  case $kind in
  http)
    said=$(printf '%s\n' "$1" | head -n 1)
    status=${said%% *}
    millis=$(printf '%s\n' "${said##* }" | awk '{ printf "%d", $1 * 1000 }')
    [ "$status" = "$2" ] || { echo "status $status in $millis ms, $2 wanted"; return 1; }
    [ -z "$3" ] || printf '%s\n' "$1" | grep -q -x contains || { echo "status $status without the text that is wanted"; return 1; }
    [ -z "$4" ] || [ "$millis" -le "$4" ] || { echo "status $status in $millis ms, at most $4 wanted"; return 1; }
    ;;
  sql)
    value=$(printf '%s\n' "$1" | head -n 1 | awk -F '\037' '{ print $1 }')
    # Numbers are compared as numbers where both are; else only equality means anything.
    OPS_VALUE=$value OPS_OP=$2 OPS_WANTED=$3 awk 'BEGIN {
      a = ENVIRON["OPS_VALUE"]; op = ENVIRON["OPS_OP"]; b = ENVIRON["OPS_WANTED"]
      gsub(/^[ \t]+|[ \t\r]+$/, "", a); gsub(/^[ \t]+|[ \t]+$/, "", b)
      number = "^[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?$"
      if (a ~ number && b ~ number) { a += 0; b += 0 } else if (op != "=" && op != "!=") exit 1
      if (op == "=") good = a == b; else if (op == "!=") good = a != b
      else if (op == "<") good = a < b; else if (op == "<=") good = a <= b
      else if (op == ">") good = a > b; else good = a >= b
      exit !good
    }' || { echo "$value (wanted $2 $3)"; return 1; }
    ;;
  tcp)
    [ "$1" = open ] || { echo "it is $1"; return 1; }
    ;;
  esac
}

OPS_WEB=$(find_container "$web") OPS_DB=$(find_container "$db") OPS_FAULT=
export OPS_WEB OPS_DB OPS_FAULT
# A page that is asked for the first time after a start may be late once.
for try in 1 2 3; do
  if said=$(timeout 30 sh -c "$probe" 2>&1); then
    why=$(judge "$said" "$@") && exit 0
  else
    why=$said
  fi
  [ "$try" = 3 ] || sleep 2
done
if [ "$weight" = warns ]; then
  echo "warning: your check $name: $why"
  exit 0
fi
echo "your check $name: $why"
exit 1
