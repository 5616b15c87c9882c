# Counts what stands in nginx's access log, in the format `combined`, another with `" STATUS ` in it, or JSON.
#
# With since=SECONDS (of the epoch) only lines from then on count; where lines say no time, nothing is known.
# Lines of `ops watch` itself never count. Prints "REQUESTS 5XX 404", or nothing where no line can be read. After the
# parser of json.sh: a line of JSON is parsed, with the escapes that nginx writes where the format says no escape=json.

BEGIN { json_nginx = 1 }

function status(line) {
	if (match(line, /" [1-5][0-9][0-9] /)) return substr(line, RSTART + 2, 3)
	return ""
}

# Of a line of JSON: `said_status` is the status, `said_time` the text of the time. The member `status` with the fewest
# others around it counts; of several times the one whose name says that it is one, and then the one that comes first by name.
function read_json(line) {
	said_status = said_time = ""
	status_depth = 1000
	time_name = ""
	if (!json_line(line)) said_status = ""
}
function json_leaf(pointer, type, text,   name) {
	name = pointer
	sub(/.*\//, "", name)
	if (name == "status" && text ~ /^[1-5][0-9][0-9]$/ && json_depth < status_depth) {
		said_status = text
		status_depth = json_depth
	}
	if (type != "string" || text !~ /^([0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]+([.][0-9]+)?([-+][0-9:]+|Z)|[0-9][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-9:]+ [-+][0-9][0-9][0-9][0-9])$/) return
	name = (name ~ /time|date|stamp/ ? "0" : "1") pointer
	if (time_name == "" || name < time_name) {
		time_name = name
		said_time = text
	}
}
function json_opened(pointer, type) { }
function json_closed(pointer, type, members) { }
function json_raw(text) { }

# Days are counted from 1 March, so that a leap day is the last of its year.
function seconds(year, month, day, clock, zone,   at, days) {
	if (month < 3) { year--; month += 12 }
	days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * (month - 3) + 2) / 5) + day - 719469
	split(clock, at, ":")
	gsub(/:/, "", zone)
	at[4] = substr(zone, 2, 2) * 60 + substr(zone, 4, 2)
	if (substr(zone, 1, 1) == "-") at[4] = -at[4]
	return days * 86400 + at[1] * 3600 + (at[2] - at[4]) * 60 + at[3]
}

# [21/Nov/2026:07:45:44 +0000] or 2026-11-21T07:45:44+00:00; 0 where there is none.
function when(line,   said, part) {
	if (match(line, /\[[0-9][0-9]\/[A-Z][a-z][a-z]\/[0-9][0-9][0-9][0-9]:[0-9:]+ [-+][0-9][0-9][0-9][0-9]\]/)) {
		said = substr(line, RSTART + 1, RLENGTH - 2)
		if (said == last) return then
		last = said
		split(said, part, "[/: ]")
		part[2] = (index("JanFebMarAprMayJunJulAugSepOctNovDec", part[2]) + 2) / 3
		return then = seconds(part[3], part[2], part[1], part[4] ":" part[5] ":" part[6], part[7])
	}
	if (match(line, /[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9:]+([.][0-9]+)?([-+][0-9:]+|Z)/)) {
		said = substr(line, RSTART, RLENGTH)
		if (said == last) return then
		last = said
		return then = seconds(substr(said, 1, 4), substr(said, 6, 2) + 0, substr(said, 9, 2), substr(said, 12, 8), said ~ /Z$/ ? "+0000" : substr(said, match(said, /[-+][0-9:]+$/)))
	}
	return 0
}

/ops-watch/ { read++; next }
{
	moment = $0
	if ($0 ~ /^[ \t]*[{]/) {
		read_json($0)
		http_status = said_status
		moment = said_time ~ /\// ? "[" said_time "]" : said_time
	} else http_status = status($0)
	if (http_status == "") next
	if (since > 0) {
		if (!(logged = when(moment))) next
		read++
		if (logged < since) next
	}
	read++
	requests++
	if (http_status >= 500) fives++
	if (http_status == 404) lost++
}

END { if (read || !NR) print requests + 0, fives + 0, lost + 0 }
