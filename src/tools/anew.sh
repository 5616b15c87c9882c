# What a database that is made anew does not have of the live one (:'db'), as statements; its own name is :'copy'.
settings() {
  cat <<'SQL'
select format(case when setrole = 0 then 'alter database %I set %s to %s' else 'alter role %4$I in database %1$I set %2$s to %3$s' end,
  :'copy', split_part(one, '=', 1),
  case when split_part(one, '=', 1) in ('search_path', 'temp_tablespaces', 'session_preload_libraries', 'local_preload_libraries')
    then substr(one, strpos(one, '=') + 1) else quote_literal(substr(one, strpos(one, '=') + 1)) end, pg_get_userbyid(setrole))
  from pg_db_role_setting, unnest(setconfig) one
  where setdatabase = (select oid from pg_database where datname = :'db') \gexec
SQL
}
rights() { # and the limit of connections
  cat <<'SQL'
select format('alter database %I connection limit %s', :'copy', datconnlimit) from pg_database where datname = :'db' \gexec
select format('revoke all on database %I from public', :'copy') from pg_database where datname = :'db' and datacl is not null \gexec
select format('grant %s on database %I to %s%s', privilege_type, :'copy',
  case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end,
  case when is_grantable then ' with grant option' else '' end)
  from pg_database, aclexplode(datacl) where datname = :'db' \gexec
SQL
}
