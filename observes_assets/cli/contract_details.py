"""A whole contract, for people and for machines."""

from datetime import timedelta
from typing import Any

from observes_assets.cli.output import out, plain, print_table
from observes_assets.contracts import Contract, Field, StreamContract


def details(contract: Contract) -> dict[str, Any]:
    """Everything that a contract says, with units resolved: seconds, shares, field paths."""
    return {
        "source": contract.source,
        "sha256": contract.sha256,
        "version": contract.document.version,
        "status": contract.document.status,
        "domain": contract.domain,
        "purpose": contract.purpose,
        "terms": contract.terms,
        "owner": contract.owner,
        "on_call": contract.on_call,
        "support": [one.model_dump(exclude_none=True) for one in contract.support],
        "servers": [one.model_dump(exclude_none=True, by_alias=True) for one in contract.servers],
        "rate_limit": contract.rate_limit,
        "consumers": contract.consumers,
        "streams": [_stream(stream) for stream in contract.streams.values()],
    }


def _stream(stream: StreamContract) -> dict[str, Any]:
    levels = stream.levels
    return {
        "stream": stream.name,
        "description": stream.description,
        "key": stream.key,
        "cron": stream.cron,
        "late_after_seconds": stream.freshness.warn.total_seconds(),
        "broken_after_seconds": stream.freshness.fail.total_seconds(),
        "latency_seconds": levels.latency.total_seconds() if levels.latency else None,
        "availability": levels.availability,
        "retention_seconds": levels.retention.total_seconds() if levels.retention else None,
        "customs": stream.customs,
        "fields": [_field(field) for field in stream.fields],
    }


def _field(field: Field) -> dict[str, Any]:
    schema = field.schema
    return {
        "path": field.path,
        "type": schema.logicalType,
        "is_required": bool(schema.required),
        "is_key": bool(schema.primaryKey),
        "classification": field.classification,
        "enum": [one.value for one in schema.enum or []],
        "options": schema.logicalTypeOptions or {},
        "examples": schema.examples or [],
        "description": " ".join((schema.description or "").split()),
    }


def show_details(contract: Contract) -> None:
    """Print a contract for people."""
    out.print(f"[bold]{plain(contract.document.name or contract.source)}[/] {contract.document.version}")
    out.print(plain(contract.purpose))
    out.print(plain(contract.terms))
    facts = [
        ("status", contract.document.status),
        ("domain", contract.domain),
        ("owner", contract.owner),
        ("on-call", contract.on_call),
        *(("support", f"{one.channel} ({one.tool}): {one.description}") for one in contract.support),
        *(("server", f"{one.server} ({one.type}): {one.description}") for one in contract.servers),
        ("rate limit", _rate(contract)),
    ]
    print_table("", ("", ""), facts)
    print_table(
        "Consumers",
        ("name", "streams", "reads in plain text", "why"),
        [
            (one.name, ", ".join(one.streams), ", ".join(one.reads_personal), one.purpose)
            for one in contract.consumers
        ],
    )
    for stream in contract.streams.values():
        _show_stream(stream)


def _show_stream(stream: StreamContract) -> None:
    levels, band = stream.levels, stream.volume_band
    out.print(f"\n[bold]{plain(stream.name)}[/]: {plain(stream.description)}")
    promises = [
        ("key", ", ".join(stream.key)),
        ("scope", ", ".join(stream.scope_by) or "the whole stream"),
        ("extracted", f"{stream.cron} (UTC)"),
        ("late after", _span(stream.freshness.warn)),
        ("broken after", _span(stream.freshness.fail)),
        ("latency", _span(levels.latency)),
        (
            "availability",
            None if levels.availability is None else f"{levels.availability:.2%} of a day's attempts",
        ),
        ("kept", _span(levels.retention) if levels.retention else "without end"),
        ("refused records", _threshold(stream)),
        ("vanished keys", f"up to {stream.maximum_vanished_share:.2%} of a scope's keys at once"),
        ("volume", f"{band.minimum_share:.4g} to {band.maximum_share:.4g} of the median" if band else "any"),
        ("recency", stream.recency_field or "not told by any field"),
        ("vendor's own count", "given" if stream.is_counted else "not given"),
    ]
    print_table("", ("", ""), promises)
    print_table(
        "",
        ("field", "type", "required", "classification", "for example", "what"),
        [_row(field) for field in stream.fields],
    )


def _threshold(stream: StreamContract) -> str:
    share = stream.maximum_quarantined_share
    more = f", or {share:.2%} of a batch where that is more" if share else ""
    return f"up to {stream.maximum_quarantined_count}{more}; above that the batch is refused"


def _row(field: Field) -> tuple[Any, ...]:
    one = _field(field)
    example = one["enum"] or one["examples"][:1]
    kind = f"{one['type']}, key" if one["is_key"] else one["type"]
    return (
        one["path"],
        kind,
        "yes" if one["is_required"] else "no",
        one["classification"],
        ", ".join(str(value) for value in example),
        one["description"],
    )


def _rate(contract: Contract) -> str:
    limit = contract.rate_limit
    return f"{limit.requests} requests in {_span(limit.period)}" if limit else "none known"


def _span(span: timedelta | None) -> str | None:
    if span is None:
        return None
    hours = span / timedelta(hours=1)
    return (
        f"{hours / 24:.4g} d" if hours >= 72 else f"{hours:.4g} h" if hours >= 1 else f"{hours * 60:.4g} min"
    )
