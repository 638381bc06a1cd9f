with

heads as (
    {{ heads_of('observes', 'incidents') }}
),

staged as (
    select
        content.incident_id,
        content.kind,
        content.source as source_name,
        content.stream as stream_name,
        content.severity,
        content.title,
        content.run_id,
        content.owner,
        content.on_call,
        content.since as broken_since,
        content.opened_at,
        content.escalated_at,
        content.acknowledged_at,
        {{ person_id('content.acknowledged_by') }} as acknowledged_by_pseudonym,
        content.closed_at
    from heads
    cross join jsonb_to_record(heads.record) as content (
        incident_id text,
        kind text,
        source text,
        stream text,
        severity text,
        title text,
        run_id text,
        owner text,
        on_call text,
        since timestamptz,
        opened_at timestamptz,
        escalated_at timestamptz,
        acknowledged_at timestamptz,
        acknowledged_by text,
        closed_at timestamptz
    )
)

select * from staged
