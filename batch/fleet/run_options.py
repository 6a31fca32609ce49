"""The options of a queued file's run on their way through the database: as JSON, then as a job."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch.config import Settings, Source
from batch.errors import ConfigError
from batch.ledger import LedgerReader
from batch.model import Field
from batch.pipeline import Job
from batch.pipeline.runner import job_of_plan
from batch.watcher.file_job import sources_in

TRAVELS = frozenset(
    {
        "update",
        "again",
        "verify",
        "trust_file",
        "never_resend",
        "customers_will_be_mailed",
        "reserve",
        "timeout",
        "settle",
    }
)
"""Options of a run that a worker goes by; all else is in the worker's own shipbatch.toml."""


def ask_of(
    options: Mapping[str, Any],
    *,
    source: Source | None = None,
    answers: Mapping[str, str] | None = None,
    named: str = "",
    limit: int | None = None,
    plan: bool = False,
    dropped: bool = False,
) -> dict[str, Any]:
    """The options as JSON; `source` is what they say of it, `named` the folder's source.

    Raises ConfigError where an option does not go with a queue.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if stays := sorted(given.keys() - TRAVELS):
        words = ", ".join(f"--{name.replace('_', '-')}" for name in stays)
        raise ConfigError(
            f"{words}: it does not go with --queue.",
            "Leave it out, or set it where the workers run.",
        )
    ask = {
        "settings": given,
        "map": {field.value: column for field, column in source.map.items()} if source else {},
        "answers": dict(answers or {}),
        "sheet": source.sheet if source else "",
        "source": named,
        "limit": limit,
        "plan": plan,
        "dropped": dropped,
    }
    return {name: value for name, value in ask.items() if value}


def settings_for(settings: Settings, ask: Mapping[str, Any]) -> Settings:
    """The worker's settings of a store, with what was asked of one file."""
    return settings.model_copy(
        update={name: ask["settings"][name] for name in TRAVELS & ask.get("settings", {}).keys()}
    )


def jobs_for(
    ask: Mapping[str, Any], name: str, copy: Path, settings: Settings, ledger: LedgerReader
) -> Iterator[Job]:
    """The runs of a file: one, or one for each sheet to be read of a results sheet dropped back."""
    if ask.get("plan"):
        job = job_of_plan(copy, settings)
        yield replace(job, limit=ask.get("limit"), goes_on=True)
        return
    source = settings.source_named(ask.get("source", ""), Path(name).name)
    mapped = {Field(field): column for field, column in ask.get("map", {}).items()}
    changes = {"map": source.map | mapped, "sheet": ask.get("sheet") or source.sheet}
    source = source.model_copy(update=changes)
    several = sources_in(copy, source, settings, ledger) if ask.get("dropped") else [source]
    for each in several:
        yield Job(
            copy,
            each,
            answers=ask.get("answers", {}),
            limit=ask.get("limit"),
            name=Path(name),
            goes_on=True,
        )
