# JSON, read by a parser (RFC 8259) and never by a pattern: the order of keys and the whitespace mean nothing. A value has
# a JSON Pointer (RFC 6901) and is printed on one line, with `\\`, `\n`, `\t`, `\r` and `\0ooo` as `printf %b` reads them.
#
# FILE is `-` for stdin. A function that reads a file that is not JSON prints nothing of it and returns 65; 66: no file.
#   json_records FILE                     `pointer TAB type TAB value` for each string, number, boolean, null, empty array and
#                                         empty object
#   json_rows FILE CONTAINER COLUMN ..    one line for each element of an array or an object: its columns, separated by tabs.
#                                         A column is a pointer from the element, or `key`: its index or name. One that is
#                                         missing or null is empty; one that is an array or an object is its JSON.
#   json_row FILE COLUMN ..               the same for the document itself, one line
#   json_lines FILE COLUMN ..             the same for a file of one document a line
#   json_whole_lines FILE COLUMN ..       as json_lines, without the lines that are not JSON: one that a loss of power cut
#   json_value FILE POINTER               the value itself; nothing where it is missing or null
#   json_integer FILE POINTER             the same, where it is a whole number from 0 on that a shell can count with
#   json_set FILE POINTER JSON            the document, with another string, number, boolean or null there
#   json_replace FILE KEY OLD NEW         the document, with NEW for OLD wherever a member KEY is that string
#
# The parser is linear in the size of the file, in mawk, gawk and busybox: it reads from quote to quote, and takes no `substr`
# of what is left. Deeper than 100 levels, two members of one name that are both asked for, and half a surrogate pair are errors.
# A program that has records of its own defines json_leaf, json_opened, json_closed and json_raw.
# shellcheck disable=SC2089  # awk reads it as one program; no shell reads the quotes in it
json_parser='
# json_state: 1 a value, 2 a value or ], 3 a key or }, 4 a key, 5 a colon, 6 a comma or the end of what is open, 7 nothing.
function json_begin() {
  json_state = 1; json_depth = 0; json_in = 0; json_bad = ""; json_key = json_low = json_high = json_text = ""; json_pointer = ""
  if (!json_ready) {
    json_control = "[\001-\037]"; json_blank = " \t\r\n"; json_hex = "0123456789abcdef"; json_ready = 1
    for (json_code = 128; json_code < 256; json_code++) json_byte[json_code] = sprintf("%c", json_code)
  }
}
function json_wrong(why) { if (json_bad == "") json_bad = why; return 0 }
function json_end() {
  if (json_bad == "" && (json_state != 7 || !json_in)) json_wrong("it ends early")
  return json_bad == ""
}
# A document on one line.
function json_line(line,   n, i) {
  json_begin()
  n = split(line, json_part, "\"")
  for (i = 1; i <= n && json_bad == ""; i++) json_feed(json_part[i])
  return json_end()
}

# What stands before a quote: text outside of strings and text of a string, by turns.
function json_feed(s,   raw) {
  if (!json_in) {
    json_in = 1
    if (s == "," && json_state == 6 && !json_copying) json_state = json_kind[json_depth] == "{" ? 4 : 1
    else if (s == ":" && json_state == 5 && !json_copying) json_state = 1
    else json_outside(s)
    return
  }
  if (s ~ json_control) return json_wrong("a control character in a string")
  if (json_copying) json_text = json_text "\"" s
  if (index(s, "\\")) {
    s = json_decoded(s)
    # The quote is part of the string.
    if (json_open_escape) { json_hold(s "\""); return }
  }
  if (json_low != "" || json_high != "") { s = json_high json_low s; json_low = json_high = "" }
  json_in = 0
  raw = json_text "\""; json_text = ""
  if (json_state <= 2) json_scalar("string", s, raw)
  else if (json_state <= 4) {
    if (index(s, "~")) gsub(/~/, "~0", s)
    if (index(s, "/")) gsub(/\//, "~1", s)
    json_key = s; json_state = 5
    if (json_copying) json_raw(raw)
  } else json_wrong("a string where none may be")
}
function json_hold(s) {
  json_low = json_low s
  if (length(json_low) > 4096) { json_high = json_high json_low; json_low = "" }
}

# Text of a string without its escapes, as it is printed. Sets json_open_escape where it ends with half of one.
function json_decoded(s,   n, i, c, e, code, low, high) {
  n = split(s, json_escape, "\\")
  low = json_escape[1]; high = ""; json_open_escape = 0
  for (i = 2; i <= n; i++) {
    e = json_escape[i]
    c = substr(e, 1, 1)
    if (e == "") {
      if (i == n) { json_open_escape = 1; break }
      low = low "\\\\" json_escape[++i]
    }
    else if (c == "n" || c == "t" || c == "r") low = low "\\" e
    else if (c == "/") low = low e
    else if (c == "b") low = low "\\0010" substr(e, 2)
    else if (c == "f") low = low "\\0014" substr(e, 2)
    else if (c == "x" && json_nginx) low = low json_character(json_number(substr(e, 2, 2), 2), 1) substr(e, 4)
    else if (c == "u") {
      code = json_number(substr(e, 2, 4), 4)
      if (code >= 56320 && code <= 57343) json_wrong("half a surrogate pair")
      if (code >= 55296 && code <= 56319) {
        if (length(e) != 5 || i == n || substr(json_escape[i + 1], 1, 1) != "u") json_wrong("half a surrogate pair")
        e = json_escape[++i]
        c = json_number(substr(e, 2, 4), 4)
        if (c < 56320 || c > 57343) json_wrong("half a surrogate pair")
        code = 65536 + (code - 55296) * 1024 + c - 56320
      }
      low = low json_character(code, 0) substr(e, 6)
    }
    else json_wrong("an unknown escape")
    if (json_bad != "") return ""
    if (length(low) > 4096) { high = high low; low = "" }
  }
  return high low
}
function json_number(digits, wanted,   i, value, digit) {
  digits = tolower(digits); value = 0
  for (i = 1; i <= wanted; i++) {
    digit = substr(digits, i, 1)
    if (digit == "" || !index(json_hex, digit)) return json_wrong("an escape without its digits")
    value = value * 16 + index(json_hex, digit) - 1
  }
  return value
}
# `byte`: the code is one of a byte, not of a character.
function json_character(code, byte) {
  if (code == 10) return "\\n"
  if (code == 9) return "\\t"
  if (code == 13) return "\\r"
  if (code == 92) return "\\\\"
  if (code < 32) return sprintf("\\0%03o", code)
  if (code < 128) return sprintf("%c", code)
  if (byte) return json_byte[code]
  if (code < 2048) return json_byte[192 + int(code / 64)] json_byte[128 + code % 64]
  if (code < 65536) return json_byte[224 + int(code / 4096)] json_byte[128 + int(code / 64) % 64] json_byte[128 + code % 64]
  return json_byte[240 + int(code / 262144)] json_byte[128 + int(code / 4096) % 64] json_byte[128 + int(code / 64) % 64] json_byte[128 + code % 64]
}

# Between two commas stands little: brackets no deeper than they may be, one scalar, whitespace.
function json_outside(s,   n, i) {
  if (length(s) < 256) { json_walk(s); return }
  n = split(s, json_piece, ",")
  for (i = 1; i <= n && json_bad == ""; i++) {
    if (i > 1) json_token(",")
    if (json_bad == "") json_walk(json_piece[i])
  }
}
function json_walk(s,   c, t) {
  while (s != "" && json_bad == "") {
    c = substr(s, 1, 1)
    if (index(json_blank, c)) {
      match(s, /^[ \t\r\n]+/)
      if (json_copying) json_raw(substr(s, 1, RLENGTH))
      s = substr(s, RLENGTH + 1)
    } else if (index("{}[]:,", c)) {
      json_token(c)
      s = substr(s, 2)
    } else if (match(s, /^[-+.0-9A-Za-z]+/)) {
      t = substr(s, 1, RLENGTH)
      s = substr(s, RLENGTH + 1)
      if (t == "true" || t == "false") json_scalar("boolean", t, t)
      else if (t == "null") json_scalar("null", "", t)
      else if (t ~ /^-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?$/) json_scalar("number", t, t)
      else json_wrong("a word that is no value")
    } else json_wrong("a character where none may be")
  }
}
function json_token(c) {
  if (c == ",") {
    if (json_state != 6) return json_wrong("a comma where none may be")
    json_state = json_kind[json_depth] == "{" ? 4 : 1
  } else if (c == ":") {
    if (json_state != 5) return json_wrong("a colon where none may be")
    json_state = 1
  } else if (c == "{" || c == "[") {
    if (json_state > 2) return json_wrong("a bracket where none may be")
    if (json_depth == 100) return json_wrong("it is nested too deeply")
    json_place()
    json_depth++
    json_at[json_depth] = json_pointer; json_kind[json_depth] = c; json_members[json_depth] = 0
    json_opened(json_pointer, c == "{" ? "object" : "array")
    json_state = c == "{" ? 3 : 2
  } else {
    if (json_kind[json_depth] != (c == "}" ? "{" : "[") || json_depth == 0 || (json_state != 6 && json_state != (c == "}" ? 3 : 2))) return json_wrong("a bracket where none may be")
    if (json_copying) json_raw(c)
    json_depth--
    json_closed(json_at[json_depth + 1], c == "}" ? "object" : "array", json_members[json_depth + 1])
    json_state = json_depth ? 6 : 7
    return
  }
  if (json_copying) json_raw(c)
}
# Where the value stands that begins.
function json_place() {
  if (!json_depth) json_pointer = ""
  else if (json_kind[json_depth] == "{") { json_members[json_depth]++; json_pointer = json_at[json_depth] "/" json_key }
  else json_pointer = json_at[json_depth] "/" json_members[json_depth]++
}
function json_scalar(type, text, raw) {
  if (json_state > 2) return json_wrong("a value where none may be")
  json_place()
  json_instead = raw
  json_leaf(json_pointer, type, text)
  if (json_copying) json_raw(json_instead)
  json_state = json_depth ? 6 : 7
}
'
# shellcheck disable=SC2089  # as above
json_program='
BEGIN {
  lines = ARGV[1]; mode = ARGV[2]; said = 0; rows_at = -1
  if (mode == "rows") {
    container = ARGV[3]
    for (nth = 4; nth < ARGC; nth++) if (ARGV[nth] == "key") key_column[nth - 3] = 1; else column[ARGV[nth]] = nth - 3
    columns = ARGC - 4
    # The document itself.
    if (container == "-") rows_at = 0
  }
  if (mode == "set") { pointer = ARGV[3]; new_value = ARGV[4] }
  if (mode == "replace") { wanted_key = ARGV[3]; old = ARGV[4]; new_value = ARGV[5] }
  copies = mode == "set" || mode == "replace"
  json_copying = copies
  for (nth = 1; nth < ARGC; nth++) ARGV[nth] = ""
  RS = lines == "document" ? "\"" : "\n"
  json_begin()
}
lines == "document" { json_feed($0); if (json_bad != "") exit; next }
/^[ \t\r]*$/ { next }
{
  began = said; capturing = 0; json_copying = 0
  if (json_line($0)) { row(); next }
  said = began; split("", cell)
  if (lines == "lines") exit
  json_bad = ""
}
END {
  if (lines == "document" && json_end() && rows_at == 0) row()
  if (json_bad == "" && mode == "set" && !changed) json_bad = "it has no such value"
  if (json_bad != "") { print "cannot read JSON: " json_bad | "cat >&2"; exit 65 }
  # A copy ends as the file does: the last newline is that of json_read.
  if (copies) sub(/\n$/, "", out[said - 1])
  for (nth = 0; nth < said; nth++) printf "%s", out[nth]
}
function say(text) { out[said++] = text }
function row(   i, text) {
  text = ""
  for (i = 1; i <= columns; i++) text = text (i > 1 ? "\t" : "") (i in key_column ? element : i in cell ? cell[i] : "")
  if (mode == "rows") say(text "\n")
  split("", cell)
}
# The pointer from the element; sets `element`, the key of it.
function from_element(p,   rest, slash) {
  if (container == "-") return p
  rest = substr(p, length(container) + 2)
  slash = index(rest, "/")
  element = slash ? substr(rest, 1, slash - 1) : rest
  return slash ? substr(rest, slash) : ""
}
function fill(name, text) {
  if (!(name in column)) return
  if (column[name] in cell) { json_wrong("two members have one name: " name); return }
  cell[column[name]] = text
}
function json_leaf(p, type, text,   name) {
  if (mode == "records") say(p "\t" type "\t" text "\n")
  else if (mode == "rows") {
    if (rows_at < 0 || json_depth < rows_at) return
    name = container == "-" ? p : from_element(p)
    if (name in column) fill(name, text)
    if (rows_at > 0 && json_depth == rows_at) row()
  }
  else if (mode == "set") {
    if (p == pointer) { if (changed++) json_wrong("two members have one name: " p); json_instead = new_value }
  }
  else if (type == "string" && text == old && json_depth && json_kind[json_depth] == "{" && json_key == wanted_key) json_instead = new_value
}
function json_opened(p, type,   name) {
  if (mode != "rows") return
  if (rows_at < 0 || json_depth <= rows_at) {
    if (p == container) { if (seen++) json_wrong("two members have one name: " p); rows_at = json_depth }
    if (rows_at != 0) return
  }
  if (capturing) return
  name = container == "-" ? p : from_element(p)
  if (name in column) { capturing = json_depth; json_copying = 1; captured = ""; captured_name = name }
}
function json_raw(text) {
  if (copies) { say(text); return }
  if (text ~ /^[ \t\r\n]+$/) return
  captured = captured text
}
function json_closed(p, type, members) {
  if (mode == "records" && !members) say(p "\t" type "\t\n")
  if (mode != "rows") return
  if (capturing && json_depth < capturing) { capturing = 0; json_copying = 0; fill(captured_name, captured) }
  if (rows_at > 0 && json_depth == rows_at) { from_element(p); row() }
  if (rows_at > 0 && json_depth < rows_at) rows_at = -1
}
'
json_read() { # file; document, lines or whole_lines; what is printed, and its words
  [ "$1" = - ] || [ -r "$1" ] || { echo "there is no file $1" >&2; return 66; }
  # A NUL is no part of JSON, and ends a text of busybox: it becomes a character that is refused.
  { if [ "$1" = - ]; then tr '\000' '\001'; else tr '\000' '\001' <"$1"; fi && echo; } | {
    shift
    LC_ALL=C awk "$json_parser$json_program" "$@"
  }
}
json_records() { json_read "$1" document records; }
json_rows() { json_file=$1; shift; json_read "$json_file" document rows "$@"; }
json_row() { json_file=$1; shift; json_read "$json_file" document rows - "$@"; }
json_lines() { json_file=$1; shift; json_read "$json_file" lines rows - "$@"; }
json_whole_lines() { json_file=$1; shift; json_read "$json_file" whole_lines rows - "$@"; }
json_value() {
  json_text=$(json_row "$1" "$2") || return
  [ -z "$json_text" ] || printf '%b\n' "$json_text"
}
# Lines that are such numbers. Arithmetic of a shell runs what it is given.
integers() { grep -xE '0|[1-9][0-9]{0,16}'; }
json_integer() { json_row "$1" "$2" | integers; }
json_set() { json_read "$1" document set "$2" "$3"; }
json_replace() { json_read "$1" document replace "$2" "$3" "$(json_quoted "$4")"; }
# A text as a JSON string. Its first line; without control characters.
json_quoted() { printf '%s\n' "$1" | tr -d '\000-\011\013-\037' | head -n 1 | sed 's/["\\]/\\&/g; s/^/"/; s/$/"/'; }
