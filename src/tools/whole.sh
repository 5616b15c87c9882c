# Whether a dump and Odoo's files are whole: asked when they are made, and when they come back. What is not whole is said,
# with code 1; any other code but 0 means that it could not be told.

# The whole dump is read by the program that would restore it. Without compression it has no checksum, and a data file
# that is cut passes: each ends with a line of its own.
whole_dump() { # its directory below $now
  progress() { :; }
  patiently beside none pg_restore -f /dev/null "/backup/$1"
  code=$?
  case $code in
    0) ;;
    1) echo 'the dump cannot be read to its end'; return 1 ;;
    *) echo "the dump could not be read (code $code)"; return "$code" ;;
  esac
  for file in "$now/$1"/*.dat; do
    case ${file##*/} in toc.dat | blob*) continue ;; esac
    [ ! -e "$file" ] || [ "$(tail -c 5 "$file" | od -An -tx1 | tr -d ' \n')" = 5c2e0a0a0a ] || { echo "the dump's file ${file##*/} is cut"; return 1; }
  done
}

# Every file that the database names is there, and is what its name says: the name is its SHA-1. The names are in
# $now/wanted; what is bad comes into $now/bad, what has to be kept into $now/due.
whole_files() {
  files=$(said files)
  : >"$now/bad"
  if [ -s "$now/wanted" ]; then
    [ -n "$files" ] || { echo "the database names $(wc -l <"$now/wanted") files, and there is no filestore"; return 1; }
    awk -F/ '{ print $2 "  " $0 }' "$now/wanted" >"$now/names.sums"
    : >"$now/checked"
    progress() { :; }
    into=$now/checked
    patiently docker run --rm --name "ops-backup-$project-files" --label "ops.backup=$project" --network none -v "$files:/files:ro" -v "$now/names.sums:/sums:ro" \
      -w /files --user 0:0 --entrypoint sh "$(docker inspect -f '{{.Image}}' "$(said holder)")" -c 'LC_ALL=C nice sha1sum --check --quiet /sums 2>/dev/null || :; echo end'
    code=$? into=''
    [ "$code" = 0 ] && [ "$(tail -n 1 "$now/checked")" = end ] || { cat "$now/checked"; echo "the files could not be read (code $code)"; return 2; }
    sed -n 's/: FAILED.*//p' "$now/checked" >"$now/bad"
  fi
  bad=$(wc -l <"$now/bad")
  [ "$bad" -le "$(said allowed)" ] || { echo "of $(wc -l <"$now/wanted") files that the database names, $bad are missing or not what their names say:"
    head -n 5 "$now/bad" | sed 's/^/  /'; return 1; }
  LC_ALL=C sort "$now/bad" | LC_ALL=C comm -23 "$now/wanted" - >"$now/due"
}

# What the files of the dump and of the configuration have to be, for sha256sum, which reads a name with `\\` or
# `\n` in it where the line begins with a backslash.
sums_of() { # manifest
  json_rows "$1" /files /path /sha256 | LC_ALL=C awk -F '\t' '
    $1 !~ /^(db|config)\// || length($2) != 64 || $2 ~ /[^0-9a-f]/ { next }
    !index($1, "\\") { print $2 "  " $1; next }
    {
      n = split($1, part, /\\\\/)
      for (i = 1; i <= n; i++) { gsub(/\\t/, "\t", part[i]); name = (i == 1 ? "" : name "\\\\") part[i] }
      print "\\" $2 "  " name
    }'
}

# Tables, modules and rows of a database that are not what a manifest has; the database's own `says` on stdin.
differing() { # manifest
  lines - '' >"$now/there"
  lines "$1" /database >"$now/then"
  [ -s "$now/then" ] || echo 'its manifest says nothing of the database'
  LC_ALL=C comm -3 "$now/then" "$now/there" | head -n 6 | paste -sd';'
}
# `tables: 612`, `modules/sale: 14.0.1.2`, `counts/res_users: 7`.
lines() { # a file of JSON, where the database is in it
  json_records "$1" | awk -F '\t' -v at="$2/" 'index($1, at) == 1 {
    name = substr($1, length(at) + 1)
    if (name == "tables" || name ~ /^(modules|counts)\//) print name ": " ($2 == "null" ? $2 : $3)
  }' | LC_ALL=C sort
}

# What a manifest says of the database, as one statement.
says() {
  cat <<'SQL'
select json_build_object('name', current_database(), 'bytes', pg_database_size(d.oid), 'server', current_setting('server_version'),
  'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype,
  'icu', case when to_jsonb(d)->>'datlocprovider' = 'i' then coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale') end,
  'tables', (select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where relkind = 'r' and nspname = 'public'),
  'modules', (select json_object_agg(name, latest_version order by name) from ir_module_module where state = 'installed'),
  'counts', (select json_object_agg(relname, (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', oid::regclass), false, true, '')))[1]::text::bigint)
    from pg_class where relkind = 'r' and oid in (select to_regclass('public.' || name) from unnest(array['res_users', 'res_partner', 'res_company',
      'ir_attachment', 'ir_module_module', 'mail_message', 'account_move', 'account_move_line', 'sale_order', 'purchase_order',
      'stock_move', 'product_product', 'hr_employee', 'project_task', 'crm_lead']) name)))
  from pg_database d where datname = current_database();
SQL
}
