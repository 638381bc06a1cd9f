-- Roles that hand over what they made; extractions that a kill broke off; records that come twice in a batch.

-- A tested candidate goes from the builder, who could still change it, to the publisher. Only the login, which is
-- both, may hand over; so it does that here, and nothing else, for the publisher.
create function landing.take_candidate() returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    relation regclass;
begin
    for relation in
        select oid from pg_class where relnamespace = to_regnamespace('candidate') and relkind in ('r', 'v')
    loop
        execute format('alter table %s owner to observes_publisher', relation);
    end loop;
end $$;
revoke all on function landing.take_candidate() from public;

-- Extractions under way: who finds one whose lock nobody holds writes down that it was broken off.
create table landing.underway (
    source text not null,
    run_id text not null,
    began_at timestamptz not null,
    primary key (source, run_id)
);

-- Refused lines of records that another line of the batch brings too: a page that came twice, say.
alter table landing.loads add column records_refused_again bigint not null default 0;
