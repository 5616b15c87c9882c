create role odoo login;
create role reporting nologin;
create database odoo owner odoo;
\c odoo
set role odoo;
create table ir_attachment (id serial primary key, name text, store_fname text);
create table ir_module_module (id serial primary key, name text, state text, latest_version text);
create table ir_config_parameter (id serial primary key, key text unique, value text);
create table ir_cron (id serial primary key, active boolean);
create table ir_mail_server (id serial primary key, name text, smtp_host text, smtp_port int, smtp_encryption text, active boolean);
create table res_users (id serial primary key, login text, password text, partner_id int);
create table res_partner (id serial primary key, name text, email text, phone text);
create table res_company (id serial primary key, partner_id int);
insert into ir_attachment (name, store_fname) values ('one', 'fe/fe05bcdcdc4928012781a5f1a2a77cbb5398e106'),
  ('two', 'ad/ad782ecdac770fc6eb9a62e44f90873fb97fb26b'), ('in the database', null);
insert into ir_module_module (name, state, latest_version) values ('base', 'installed', '17.0.1.3'), ('web', 'installed', '17.0.1.0'), ('sale', 'uninstalled', null);
insert into ir_config_parameter (key, value) values ('web.base.url', 'https://erp.example.com'), ('database.uuid', 'of-production'),
  ('database.secret', 'secret-of-production');
insert into ir_cron (active) values (true);
insert into ir_mail_server (name, smtp_host, smtp_port, smtp_encryption, active) values ('mail', 'mail.example.com', 25, 'none', true);
insert into res_partner (name, email, phone) values ('My Company', 'info@example.com', '+4930123'), ('Ada', 'ada@example.com', '+4930456');
insert into res_company (partner_id) values (1);
insert into res_users (login, password, partner_id) values ('admin', 'hash', 2);
reset role;
alter database odoo set timezone to 'UTC';
grant connect on database odoo to reporting;
