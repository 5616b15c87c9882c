# What switches off mail, jobs, payments and the like in a copy, by what every version since 14 has; the network is what
# really keeps them in.
quiet() {
  cat <<'SQL'
create function pg_temp.has(tab text, col text) returns boolean language sql as $$
  select exists (select from pg_attribute where attrelid = to_regclass(tab) and attname = col and not attisdropped) $$;
select format('update %I set %s', tab, what) from (values
  ('ir_mail_server', 'active', 'active = false'), ('fetchmail_server', 'active', 'active = false'),
  ('ir_cron', 'active', 'active = false'), ('payment_acquirer', 'state', 'state = ''disabled'''),
  ('payment_provider', 'state', 'state = ''disabled'''), ('delivery_carrier', 'prod_environment', 'prod_environment = false'),
  ('iap_account', 'account_token', 'account_token = ''ops'''), ('mail_mail', 'state', 'state = ''cancel'' where state = ''outgoing''')
) all_of(tab, col, what) where pg_temp.has(tab, col) \gexec
select $$insert into ir_config_parameter (key, value) values ('database.is_neutralized', 'true') on conflict do nothing$$
  where pg_temp.has('ir_config_parameter', 'value') \gexec
SQL
}
