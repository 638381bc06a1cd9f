-- Who is erased: copies of the bucket's `erasures/`, which tell a process that its list has grown.
create table landing.erasures (
    erasure_number bigint primary key,
    is_finished boolean not null,
    record jsonb not null
);

-- An identifier of a person as it is compared: no white space around it, A to Z in lower case, as git does it.
-- Under "C" nothing but these letters changes, so every program can do the same.
create function landing.canonical(identifier text) returns text
language sql immutable parallel safe
return lower(btrim(identifier, E' \t\r\n') collate "C") collate "default";

-- The one pseudonym of a person: the same for an e-mail address in every source. An erased one passes through.
create function landing.person_id(identifier text) returns text
language sql stable parallel safe
return case
    when identifier ~ '^erased:[0-9a-f]{32}$' then substr(identifier, 8)
    else landing.pseudonym(landing.canonical(identifier))
end;
-- Free text as it may be published. An address becomes […@…], so that one sees that somebody was named.
create function landing.without_people(prose text) returns text
language sql immutable parallel safe
return regexp_replace(
    case
        when strpos(prose, '@') = 0 then prose
        else regexp_replace(
            prose,
            '(?<![\w.+%''-])(?!git@)[A-Za-z0-9._%+''-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,24}(?![\w@-])', '[…@…]', 'g'
        )
    end,
    '(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22,}|glpat-[\w-]{20,}|A[KS]IA[A-Z0-9]{16}|xox[abeoprs]-[\w-]{10,}'
    || '|AIza[\w-]{35}|[rs]k_live_\w{20,}|npm_\w{36}|-----BEGIN [A-Z ]*PRIVATE KEY'
    || '|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}|hooks\.slack\.com/services/[\w/]+|(?<=://)[^\s/:@"]+:[^\s/@"]+@)',
    '[secret]', 'g'
);
revoke all on function landing.canonical(text), landing.person_id(text), landing.without_people(text) from public;
