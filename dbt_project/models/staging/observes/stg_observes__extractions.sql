with

heads as (
    {{ heads_of('observes', 'extractions') }}
),

staged as (
    select
        content.extraction_id,
        content.run_id,
        content.source as source_name,
        content.stream as stream_name,
        content.extracted_from,
        content.extracted_until,
        content.scope_count,
        content.failed_scope_count,
        content.reason,
        content.changed_batch as changed_batch_number,
        content.written_count,
        content.quarantined_count,
        content.refused_count,
        content.promised_availability as promised_availability_share,
        content.promised_latency_seconds,
        content.late_after_seconds,
        content.broken_after_seconds
    from heads
    cross join jsonb_to_record(heads.record) as content (
        extraction_id text,
        run_id text,
        source text,
        stream text,
        extracted_from timestamptz,
        extracted_until timestamptz,
        scope_count bigint,
        failed_scope_count bigint,
        reason text,
        changed_batch bigint,
        written_count bigint,
        quarantined_count bigint,
        refused_count bigint,
        promised_availability numeric,
        promised_latency_seconds bigint,
        late_after_seconds bigint,
        broken_after_seconds bigint
    )
)

select * from staged
