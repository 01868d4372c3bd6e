-- What the plan asks for: the two log tables get a key, and with it a sequence.
alter table digoal_01.user_login_rec add column id bigserial primary key;
alter table digoal_01.user_logout_rec add column id bigserial primary key;
