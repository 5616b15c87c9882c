# Personal data made unreadable, as statements: what Odoo has in columns of the usual names, in whatever tables the
# modules of a database have made. Text that people wrote (messages, notes) stays: that is for the user's own statements.
# Triggers are left out: they would do it all a second time.
mask() { # words: emails, phones, names
  echo "set local session_replication_role = replica;"
  case " $1 " in *' emails '*) masked_columns "email email_from email_to email_cc reply_to email_normalized email_formatted work_email private_email partner_email" \
    '%@%' 'masked-%s@example.invalid' ;; esac
  case " $1 " in *' phones '*) masked_columns "phone mobile phone_sanitized phone_mobile_search work_phone mobile_phone private_phone emergency_phone partner_phone fax" \
    '_%' '+00000%s' ;; esac
  case " $1 " in *' names '*) masked_names ;; esac
  echo "set local session_replication_role = origin;"
}

# Templates are none of it: what they hold is a program.
masked_columns() { # columns, what is masked is like, by what
  printf "\\set columns '%s'\n\\set what '%s'\n\\set by '%s'\n" "$1" "$2" "$3"
  cat <<'SQL'
select format('update %1$s set %2$I = replace(%3$L, ''%%s'', %4$s) where %2$I like %5$L and %2$I !~ ''[{$]''', c.oid::regclass, attname, :'by',
    case when pg_temp.has(relname, 'id') then 'id::text' else '''0''' end, :'what')
  from pg_class c join pg_attribute on attrelid = c.oid and not attisdropped and atttypid in ('text'::regtype, 'varchar'::regtype)
  where relkind = 'r' and relnamespace = 'public'::regnamespace and attname = any (string_to_array(:'columns', ' '))
    and relname !~ '^(ir_|fetchmail_|mail_template|mail_alias)' \gexec
SQL
}

masked_names() {
  cat <<'SQL'
select format('update %I set %I = %L || id %s', tab, col, what || ' ', case tab when 'res_partner' then 'where id not in (select partner_id from res_company)' else '' end)
  from (values ('res_partner', 'name', 'Partner'), ('res_partner', 'display_name', 'Partner'), ('res_partner', 'complete_name', 'Partner'),
    ('res_partner', 'commercial_company_name', 'Partner'), ('res_partner', 'company_name', 'Partner'), ('crm_lead', 'contact_name', 'Contact'),
    ('crm_lead', 'partner_name', 'Partner'), ('hr_employee', 'name', 'Employee'), ('hr_employee', 'emergency_contact', 'Contact'),
    ('hr_applicant', 'partner_name', 'Applicant'), ('hr_candidate', 'partner_name', 'Applicant'), ('resource_resource', 'name', 'Resource'),
    ('mail_message', 'record_name', 'Record'), ('event_registration', 'name', 'Attendee')) all_of(tab, col, what)
  where pg_temp.has(tab, col) and exists (select from pg_attribute where attrelid = to_regclass(tab) and attname = col
    and atttypid in ('text'::regtype, 'varchar'::regtype)) \gexec
SQL
}
