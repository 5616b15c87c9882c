# Reads nginx's configuration and knows two things of it: the server lines of named upstream blocks, and where
# the requests of a site are logged.
#
# OPS_UPSTREAMS: names of upstream blocks, one a line. With mode=list it prints, separated by a tab,
# "upstream NAME ADDRESS" for their servers and "elsewhere WORD" for every other word with a port in it;
# "block NAME" for a block that was seen. With mode=edit it prints the text with servers exchanged by the
# lines "NAME OLD NEW" of OPS_SERVERS and everything else, comments included, as it was. It ends with 3
# where a line of OPS_SERVERS found nothing to exchange (NEW that stands there already counts).
#
# With mode=log it prints the first log of the servers named OPS_SITE, "off" where they have none; of all
# servers, where none is named so. What single locations log elsewhere is not looked at.

function plain(word) {
	if (word ~ /^".*"$/ || word ~ /^'.*'$/) return substr(word, 2, length(word) - 2)
	return word
}

function emit(piece) { if (mode == "edit") out = out piece }

function exchange(word,   one) {
	for (one = 1; one <= pairs; one++) {
		if (name[one] != inside) continue
		if (plain(word) == old[one]) { found[one] = 1; return new[one] }
		if (plain(word) == new[one]) found[one] = 1
	}
	return word
}

# A statement ends with ";", or opens a block with "{". Files stand one after the other in `nginx -T`, so a
# server is at the outside there, too.
function log_of(brace) {
	if (brace == "{") {
		block[++depth] = first
		if (first == "server") { server = depth; named = 0; own = "" }
	} else if (brace == "}") {
		if (server && depth == server) {
			if (named && own == "") inherits = 1
			else if (named && own != "off" && chosen == "") chosen = own
			else if (named) off = 1
			server = 0
		}
		depth--
	} else if (first == "server_name" && server && depth == server) {
		if (index(" " names " ", " " ENVIRON["OPS_SITE"] " ")) named = 1
	} else if (first == "access_log") {
		if (server && depth == server && own == "") own = second
		if (!server && main == "" && (depth == 0 || depth == 1 && block[1] == "http")) main = second
	}
}

function log_chosen() {
	if (main == "") main = "/var/log/nginx/access.log"
	if (chosen != "") return chosen
	return off && !inherits ? "off" : main
}

# A word of a statement is complete.
function word_ends(word,   said) {
	words++
	if (words == 1) first = word
	if (words == 2) second = plain(word)
	if (words > 1) names = names " " plain(word)
	if (inside != "" && first == "server" && words == 2) {
		if (mode == "list") print "upstream\t" inside "\t" plain(word)
		word = exchange(word)
	} else if (mode == "list" && word ~ /:[0-9]/ && others < 400) {
		said = plain(word)
		gsub(/[\t\r\n]/, " ", said)
		if (!(said in told)) { told[said] = 1; others++; print "elsewhere\t" substr(said, 1, 200) }
	}
	emit(word)
}

{ text = text $0 "\n" }

END {
	wanted = "\n" ENVIRON["OPS_UPSTREAMS"] "\n"
	rows = split(ENVIRON["OPS_SERVERS"], row, "\n")
	for (i = 1; i <= rows; i++) if (split(row[i], part, " ") == 3) {
		pairs++
		name[pairs] = part[1]; old[pairs] = part[2]; new[pairs] = part[3]
	}
	n = length(text)
	for (at = 1; at <= n; ) {
		c = substr(text, at, 1)
		if (c ~ /[ \t\r\n]/) { emit(c); at++; continue }
		if (c == "#") {
			end = index(substr(text, at), "\n")
			emit(substr(text, at, end)); at += end; continue
		}
		if (c == ";" || c == "{" || c == "}") {
			if (c == "{" && first == "upstream" && words == 2 && index(wanted, "\n" second "\n")) {
				inside = second
				if (mode == "list") print "block\t" inside
			}
			if (c == "}") inside = ""
			if (mode == "log") log_of(c)
			words = 0; first = ""; second = ""; names = ""
			emit(c); at++; continue
		}
		start = at
		if (c == "\"" || c == "'") {
			for (at++; at <= n && substr(text, at, 1) != c; at++) if (substr(text, at, 1) == "\\") at++
			at++
		} else {
			for (; at <= n; at++) {
				d = substr(text, at, 1)
				if (d == "\\") { at++; continue }
				if (d == "$" && substr(text, at + 1, 1) == "{") {
					while (at <= n && substr(text, at, 1) != "}") at++
					continue
				}
				if (d ~ /[ \t\r\n;{}]/) break
			}
		}
		word_ends(substr(text, start, at - start))
	}
	if (mode == "log") print log_chosen()
	if (mode != "edit") exit 0
	for (i = 1; i <= pairs; i++) if (!found[i]) exit 3
	printf "%s", out
}
