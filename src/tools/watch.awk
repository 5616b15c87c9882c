# Compares what was measured before a release and after it, and says whether it is worse.
#
# Reads two files, as `when=before FILE when=after FILE`, with lines separated by tabs: "page NAME STATUS SECONDS
# GOOD" per sample, and "nginx REQUESTS 5XX 404". With mode=before and mode=now it prints one line of the one file;
# with mode=table the comparison, and the verdict: a line that begins with "worse: ", or "no worse than before". It ends with 1
# where it is worse. `broken`: the first page failed so often in a row. `back`: what follows, for the verdict.
#
# Worse is a median or a 95th percentile more than 20 % and 20 ms higher, from 20 samples before and after, where more
# answers are later than that than chance gives; more failures, 5xx or 404 than chance gives; and any 5xx where there
# was none before. Chance ends at two standard errors.

BEGIN { FS = "\t" }

$1 == "page" {
	if (!($2 in known)) { known[$2] = 1; order[++pages] = $2 }
	sample = when SUBSEP $2
	asked[sample]++
	if ($3 >= 500) fives[sample]++
	if ($5 == 1) time[sample, ++good[sample]] = $4 * 1000
}
$1 == "nginx" { seen[when] = 1; asked[when] += $2; fives[when] += $3; lost[when] += $4 }

# The nearest rank; times are sorted once.
function percentile(key, share,   i, j, rank, one) {
	if (!good[key]) return -1
	if (!(key in sorted)) {
		sorted[key] = 1
		for (i = 2; i <= good[key]; i++) {
			one = time[key, i]
			for (j = i - 1; j > 0 && time[key, j] > one; j--) time[key, j + 1] = time[key, j]
			time[key, j + 1] = one
		}
	}
	rank = int(share * good[key] / 100)
	if (rank * 100 < share * good[key]) rank++
	return time[key, rank]
}

function limit(before) { return before * 1.2 > before + 20 ? before * 1.2 : before + 20 }

# Of sorted times.
function later(key, top,   i) {
	for (i = good[key]; i > 0 && time[key, i] > top; i--) ;
	return good[key] - i
}

function slower(page, share,   b, a, top) {
	b = "before" SUBSEP page; a = "after" SUBSEP page
	top = limit(percentile(b, share))
	if (percentile(a, share) <= top || !more(later(b, top), good[b], later(a, top), good[a])) return ""
	return sprintf("p%d %d -> %d ms", share, percentile(b, share), percentile(a, share))
}

# More of them than before, by a fifth and by more than chance.
function more(hits_b, all_b, hits_a, all_a,   p, rise) {
	if (!all_b || !all_a || hits_a / all_a <= 1.2 * hits_b / all_b) return 0
	p = (hits_b + hits_a) / (all_b + all_a)
	rise = hits_a / all_a - hits_b / all_b
	# Squared: not every awk has a root.
	return rise * rise >= 4 * p * (1 - p) * (1 / all_b + 1 / all_a)
}

function join(list, by, text) { return text == "" ? list : list == "" ? text : list by text }
function add(list, text) { return join(list, ", ", text) }

function errors(b, a) {
	if (!fives[a]) return ""
	if (!fives[b]) return fives[a] " new 5xx"
	return more(fives[b], asked[b], fives[a], asked[a]) ? "5xx " fives[b] " -> " fives[a] : ""
}

function reasons(page,   b, a, all, bad_b, bad_a) {
	b = "before" SUBSEP page; a = "after" SUBSEP page
	if (!asked[b]) return ""
	bad_b = asked[b] - good[b]; bad_a = asked[a] - good[a]
	if (more(bad_b, asked[b], bad_a, asked[a]) || !bad_b && bad_a >= 3) all = bad_a " of " asked[a] " failed"
	all = add(all, errors(b, a))
	if (good[b] < 20 || good[a] < 20) return all
	return add(add(all, slower(page, 50)), slower(page, 95))
}

function ms(key, share) { return good[key] ? sprintf("%d", percentile(key, share)) : "-" }
function rate(hits, all) { return all ? sprintf("%.1f %%", 100 * hits / all) : "-" }
function pair(before, after) { return compared ? before " -> " after : after "" }

function row(a1, a2, a3, a4, a5, a6, a7,   i) {
	cell[++rows, 1] = a1; cell[rows, 2] = a2; cell[rows, 3] = a3; cell[rows, 4] = a4
	cell[rows, 5] = a5; cell[rows, 6] = a6; cell[rows, 7] = a7
	for (i = 1; i < 7; i++) if (length(cell[rows, i]) > width[i]) width[i] = length(cell[rows, i])
}

function page_row(page,   b, a, why, few) {
	b = "before" SUBSEP page; a = "after" SUBSEP page
	why = reasons(page)
	few = good[b] < 20 || good[a] < 20
	if (why != "") all_reasons = join(all_reasons, "; ", page " " why " (n " asked[b] " -> " asked[a] ")")
	if (why != "") why = "worse: " why
	else if (!asked[b]) why = "nothing to compare with"
	else if (few) why = "too few samples to tell"
	else { why = "no worse"; judged = 1 }
	row(page, pair(asked[b] + 0, asked[a] + 0), pair(ms(b, 50), ms(a, 50)) " ms", pair(ms(b, 95), ms(a, 95)) " ms", pair(fives[b] + 0, fives[a] + 0), "-", why)
}

function nginx_row(   why) {
	if (!seen["after"]) { row("nginx", "-", "-", "-", "-", "-", "not known" (unread == "" ? "" : ": " unread)); return }
	why = seen["before"] ? errors("before", "after") : ""
	if (seen["before"] && asked["before"] >= 20 && asked["after"] >= 20 && more(lost["before"], asked["before"], lost["after"], asked["after"]))
		why = add(why, "404 " rate(lost["before"], asked["before"]) " -> " rate(lost["after"], asked["after"]))
	if (why != "") all_reasons = join(all_reasons, "; ", "nginx " why " (n " asked["before"] " -> " asked["after"] ")")
	if (why != "") why = "worse: " why
	else if (!seen["before"]) why = "nothing to compare with"
	else if (asked["before"] < 20 || asked["after"] < 20) why = "too few requests to tell"
	else why = "no worse"
	row("nginx", pair(seen["before"] ? asked["before"] : "-", asked["after"]), "-", "-", pair(seen["before"] ? fives["before"] : "-", fives["after"]), pair(rate(lost["before"], asked["before"]), rate(lost["after"], asked["after"])), why)
}

function print_rows(   r, i, line) {
	for (r = 1; r <= rows; r++) {
		line = ""
		for (i = 1; i < 7; i++) line = line sprintf("%-" width[i] "s  ", cell[r, i])
		print line cell[r, 7]
	}
}

function one_line(   i, key, all) {
	for (i = 1; i <= pages; i++) {
		key = when SUBSEP order[i]
		all = join(all, "; ", sprintf("%s p50 %s ms, p95 %s ms (n %d%s)", order[i], ms(key, 50), ms(key, 95), asked[key], asked[key] > good[key] ? ", " asked[key] - good[key] " failed" : ""))
	}
	if (seen[when]) all = join(all, "; ", sprintf("nginx %d requests, %d 5xx, 404 %s", asked[when], fives[when], rate(lost[when], asked[when])))
	else all = join(all, "; ", "nginx not known" (unread == "" ? "" : ": " unread))
	return all
}

END {
	if (mode != "table") { print one_line(); exit 0 }
	for (nth = 1; nth <= pages; nth++) if (asked["before", order[nth]]) compared = 1
	row("page", "n", "p50", "p95", "5xx", "404", "verdict")
	for (nth = 1; nth <= pages; nth++) page_row(order[nth])
	nginx_row()
	print_rows()
	if (broken != "") all_reasons = join(order[1] " failed " broken " times in a row", "; ", all_reasons)
	if (all_reasons == "") {
		print judged ? "no worse than before" : compared ? "too few samples to tell" : "nothing to compare with"
		exit 0
	}
	print "worse: " all_reasons "; " back
	exit 1
}
