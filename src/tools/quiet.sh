# What switches off mail, jobs, payments and the like in a copy, by what every version since 14 has. In a rehearsal the
# network is what really keeps them in.
quiet() {
  cat <<'SQL'
create function pg_temp.has(tab text, col text) returns boolean language sql as $$
  select exists (select from pg_attribute where attrelid = to_regclass(tab) and attname = col and not attisdropped) $$;
select format('update %I set %s', tab, what) from (values
  ('ir_mail_server', 'active', 'active = false'), ('fetchmail_server', 'active', 'active = false'),
  ('ir_cron', 'active', 'active = false'), ('payment_acquirer', 'state', 'state = ''disabled'''),
  ('payment_provider', 'state', 'state = ''disabled'''), ('delivery_carrier', 'prod_environment', 'prod_environment = false'),
  ('iap_account', 'account_token', 'account_token = ''ops'''), ('mail_mail', 'state', 'state = ''cancel'' where state = ''outgoing'''),
  ('mail_mail', 'mail_server_id', 'mail_server_id = null'), ('mail_template', 'mail_server_id', 'mail_server_id = null'),
  ('mailing_mailing', 'mail_server_id', 'mail_server_id = null'), ('auth_oauth_provider', 'enabled', 'enabled = false'),
  ('website', 'domain', 'domain = null')
) all_of(tab, col, what) where pg_temp.has(tab, col) \gexec
-- A server that is none comes before the one of odoo.conf, which is asked where the database has no server.
select 'insert into ir_mail_server (name, smtp_host, smtp_port, smtp_encryption, active'
    || case when pg_temp.has('ir_mail_server', 'smtp_authentication') then ', smtp_authentication' else '' end
    || ') select ''ops: no mail leaves this copy'', ''invalid'', 1025, ''none'', true'
    || case when pg_temp.has('ir_mail_server', 'smtp_authentication') then ', ''login''' else '' end
    || ' where not exists (select from ir_mail_server where smtp_host = ''invalid'')'
  where pg_temp.has('ir_mail_server', 'smtp_encryption') \gexec
select $$insert into ir_config_parameter (key, value) values ('database.is_neutralized', 'true') on conflict do nothing$$
  where pg_temp.has('ir_config_parameter', 'value') \gexec
SQL
}
