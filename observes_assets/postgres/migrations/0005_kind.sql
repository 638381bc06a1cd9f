-- Whether what is in here is made up. What was set up before anybody asked is real.

alter table landing.installation
    add column kind text not null default 'real' check (kind in ('sandbox', 'real'));
alter table landing.installation alter column kind drop default;
