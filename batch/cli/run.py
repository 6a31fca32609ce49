"""Commands that ship: `run`, `resume`, and a sandbox to rehearse them in."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from batch.cli import options
from batch.cli.queue import RunRequest, queue_files
from batch.cli.streams import put, put_json
from batch.cli.terminal import (
    answers_of,
    check_names,
    check_results,
    ledger_of,
    live_settings,
    print_error,
    run_with_progress,
    settings_of,
    source_of,
    status_of,
    store_of,
)
from batch.errors import ConfigError, FileError, NothingSent, ShipbatchError
from batch.model.exit_status import ExitStatus

if TYPE_CHECKING:
    from batch.config import Settings
    from batch.monitoring import Digest
    from batch.pipeline import Job
    from batch.pipeline.progress import Progress
    from batch.pipeline.runner import RunResults
    from batch.primitives.stop import StopEvent
    from batch.results.accounting import Report


def run(
    files: options.Exports = None,
    dry_run: options.DryRun = False,
    sandbox: options.Rehearsal = False,
    results: options.Results = None,
    store: options.StoreName = "",
    column: options.Columns = None,
    answer: options.Answers = None,
    sheet: options.SheetName = "",
    limit: options.Limit = None,
    as_json: options.SummaryAsJson = False,
    plan: options.Plan = None,
    update: options.Update = False,
    again: options.Again = False,
    verify: options.Verify = False,
    trust_file: options.TrustFile = False,
    reserve: options.Reserve = None,
    timeout: options.Timeout = None,
    settle: options.Settle = None,
    never_resend: options.NeverResend = False,
    until: options.Until = None,
    customers_will_be_mailed: options.Mailed = False,
    wait: options.Wait = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = None,
    queue: options.InQueue = False,
    follow: options.Follow = False,
) -> None:
    """Ship warehouse exports: load, resolve, post, reconcile, write the results."""
    values = {
        "timeout": timeout,
        "settle": settle,
        "reserve": reserve,
        "wait": wait,
        "until": until,
    }
    switches = {"update": update, "again": again, "verify": verify, "never_resend": never_resend}
    switches |= {"customers_will_be_mailed": customers_will_be_mailed, "trust_file": trust_file}
    check_names(files or [])
    log = log_format or ""
    chosen = _explicit_options(values | {"log_format": log_format}, switches)
    said = answers_of(answer or [])
    asked = RunRequest(files or [], plan, chosen, store, column or [], sheet, limit, results, said)
    rehearsed = sandbox or dry_run
    if queue or follow:
        queue_files(asked, queue=queue, follow=follow, here=rehearsed, quiet=quiet, as_json=as_json)
    settings = _settings_for(asked, sandbox=sandbox)
    _refuse_contradictions(asked, dry=dry_run, trust_file=trust_file)
    try:
        jobs = _jobs_of(asked, settings, dry=dry_run, sandbox=sandbox)
    except FileError as error:
        if files and not rehearsed:
            _notify_after(settings, [_digest_of(error, files[0])], status_of(error), log=log)
        raise
    jobs = _with_options(jobs, asked, settings)
    quiet = quiet or as_json
    _ship(jobs, settings, sandbox=sandbox, quiet=quiet, as_json=as_json, log=log)


def _settings_for(asked: RunRequest, *, sandbox: bool) -> "Settings":
    if sandbox:
        return settings_of(dict(asked.chosen), asked.store, sandbox=True)
    return _live_or_report(dict(asked.chosen), asked.store, (asked.files or [str(asked.plan)])[0])


def _refuse_contradictions(asked: RunRequest, *, dry: bool, trust_file: bool) -> None:
    if (asked.plan or dry) and trust_file:
        raise ConfigError(
            "--trust-file reads no orders, and a plan is held against them.", "Leave it out."
        )
    if (asked.plan is None) == (not asked.files) or (asked.plan and dry):
        raise ConfigError(
            "Name the files to ship, or a plan with --plan: one of the two, "
            "and a plan is no dry run."
        )


def _with_options(jobs: "Sequence[Job]", asked: RunRequest, settings: "Settings") -> "list[Job]":
    """The jobs with what was asked of every file: its columns, answers, limit and results."""
    if asked.results is not None:
        check_results(asked.results, [] if asked.plan else [job.export for job in jobs])
    sources = [
        source_of(settings, job.export, list(asked.columns), asked.sheet or job.source.sheet)
        for job in jobs
    ]
    return [
        replace(job, source=source, answers=asked.answers, limit=asked.limit, results=asked.results)
        for job, source in zip(jobs, sources, strict=True)
    ]


def resume(
    run_id: options.RunId = "",
    store: options.StoreName = "",
    limit: options.Limit = None,
    as_json: options.SummaryAsJson = False,
    until: options.Until = None,
    customers_will_be_mailed: options.Mailed = False,
    timeout: options.Timeout = None,
    settle: options.Settle = None,
    never_resend: options.NeverResend = False,
) -> None:
    """Continue a run (the newest, if none is named): unshipped rows are judged again."""
    from batch.commands.history import find_run, newest_run
    from batch.pipeline import Job, copy_of, source_of_run

    switches = {"never_resend": never_resend, "customers_will_be_mailed": customers_will_be_mailed}
    chosen = _explicit_options({"timeout": timeout, "settle": settle, "until": until}, switches)
    settings = live_settings(chosen, store_of(run_id, store))
    with ledger_of() as ledger:
        past = (
            find_run(ledger, run_id, settings.store)
            if run_id
            else newest_run(ledger, settings.store)
        )
    copy = copy_of(past, settings)
    if not copy.exists():
        raise NothingSent(
            f"The copy of {past.file} is gone: it was kept for its days, or `forget` took it out.",
            "Run the export itself again: nothing is sent twice.",
        )
    job = Job(Path(past.file), source_of_run(past, settings), copy=copy)
    _ship([replace(job, limit=limit)], settings, as_json=as_json, quiet=as_json)


def sandbox(
    orders_from: Annotated[
        list[Path] | None,
        typer.Option("--orders-from", help="Exports to invent a store from; or a store.json."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on this machine; 0: any free one.")
    ] = 8750,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what this store has shipped before.")
    ] = False,
) -> None:
    """Serve a BigCommerce store on this machine, to rehearse this program or another."""
    import asyncio

    from batch.pipeline import Job
    from batch.pipeline.sandbox_run import serve_store

    settings = settings_of(sandbox=True)
    jobs = [Job(file, settings.source_for(file.name)) for file in orders_from or []]
    try:
        asyncio.run(serve_store(jobs, settings, port=port, fresh=fresh, ready=_say_where))
    except KeyboardInterrupt:
        raise typer.Exit(ExitStatus.INTERRUPTED) from None
    except OSError as error:
        raise ConfigError(
            f"Port {port} cannot be had: {error.strerror or error}.",
            "Give another --port; 0 takes any free one.",
        ) from error


def _explicit_options(values: dict[str, Any], switches: dict[str, bool]) -> dict[str, Any]:
    """The options as given; a switch that is off says nothing against `shipbatch.toml`."""
    return values | {name: True for name, on in switches.items() if on}


def _live_or_report(chosen: dict[str, Any], store: str, file: str) -> "Settings":
    """The settings with credentials; people are notified where they are missing."""
    try:
        return live_settings(chosen, store)
    except ConfigError as error:
        with suppress(ConfigError):
            _notify_after(settings_of(chosen, store), [_digest_of(error, file)], status_of(error))
        raise


def _jobs_of(asked: RunRequest, settings: "Settings", *, dry: bool, sandbox: bool) -> "list[Job]":
    """What is to run: the plan, or each file; FileError where one cannot be had."""
    from batch.pipeline import Job
    from batch.pipeline.runner import job_of_plan

    if asked.plan is not None:
        return [job_of_plan(asked.plan, settings, sandbox=sandbox)]
    return [Job(file, dry=dry) for file in _local_files(asked.files, settings)]


def _local_files(exports: Sequence[str], settings: "Settings") -> list[Path]:
    """The exports as files of this machine: dates filled in, what lies elsewhere fetched."""
    from batch.remote_files import fetch_file, fill_in_dates, is_far

    today = datetime.now().astimezone().date()
    places = [fill_in_dates(each, today) for each in exports]
    return [
        fetch_file(place, settings.home, settings.fetch_largest) if is_far(place) else Path(place)
        for place in places
    ]


def _ship(
    jobs: "Sequence[Job]",
    settings: "Settings",
    *,
    sandbox: bool = False,
    quiet: bool = False,
    as_json: bool = False,
    log: str = "",
) -> None:
    """Run the files, print their results, and exit with their status."""
    is_told = not (sandbox or all(job.dry for job in jobs))
    night: list[Digest] = []
    """Its section on open orders, where that is switched on."""

    async def work(progress: "Progress", stop: "StopEvent") -> "RunResults":
        from batch.pipeline.runner import run_files

        if not sandbox:
            results = await run_files(jobs, settings, progress, stop)
            if is_told and settings.open_orders.at and not stop:
                from batch.commands.open_orders import open_orders_digest

                night.append(await open_orders_digest(settings, progress, stop))
            return results
        import asyncio

        from batch.pipeline.sandbox_run import orders_for, run_against_sandbox

        orders = await asyncio.to_thread(orders_for, jobs, settings)
        async with run_against_sandbox(orders, settings) as rehearsal:
            return await run_files(jobs, rehearsal, progress, stop)

    try:
        tour, signalled = run_with_progress(work, quiet=quiet, log=log, database=settings.database)
    except ShipbatchError as error:
        if not sandbox:
            _notify_after(
                settings, [_digest_of(error, str(jobs[0].export))], status_of(error), log=log
            )
        if log:
            raise typer.Exit(status_of(error)) from None
        raise
    status = signalled or tour.exit_status
    digests = _digests(tour) + night
    if quiet and not as_json and not log:
        _print_digests(digests)
    elif as_json or not log:
        _print_results(tour, as_json=as_json)
        _print_digests([] if as_json else night)
    if is_told:
        _notify_after(settings, digests, status, log=log)
        _measure(settings, tour)
    raise typer.Exit(status)


def _measure(settings: "Settings", results: "RunResults") -> None:
    from batch.monitoring.metrics import write_metrics_file

    if problem := write_metrics_file(settings, results.reports):
        print_error(ShipbatchError(problem))


def _digests(results: "RunResults") -> "list[Digest]":
    """Each file's end in a few lines."""
    from batch.monitoring import of_report
    from batch.pipeline import exit_status

    ran = [of_report(one.trouble, one.exit_status) for one in results.carried if one.exit_status]
    ran += [of_report(report, exit_status(report)) for report in results.reports]
    return ran + [_digest_of(error, str(job.export)) for job, error in results.refused]


def _digest_of(error: ShipbatchError, file: str) -> "Digest":
    from batch.monitoring import of_error

    return of_error(error, file, status_of(error))


def _print_digests(digests: "Sequence[Digest]") -> None:
    """With --quiet: nothing of what went well, so that cron mails nobody."""
    for digest in digests:
        if digest.status:
            put(*digest.lines)


def _notify_after(
    settings: "Settings", digests: "Sequence[Digest]", status: int, *, log: str = ""
) -> None:
    """Write the log, notify people and the dead man's switch; failures never fail the run."""
    from batch.monitoring import notify_after_run

    for problem in notify_after_run(
        settings, digests, status, echo=partial(print, file=sys.stderr) if log else None
    ):
        print_error(ShipbatchError(problem))


def _print_results(results: "RunResults", *, as_json: bool) -> None:
    """The summary: JSON on standard output, or sentences."""
    from batch.results import run_text

    for job, error in results.refused:
        print_error(error, str(job.export))
    if as_json:
        for report in results.reports:
            _print_problems(report)
        put_json(results.summary)
        return
    for one in results.carried:
        put(*run_text.carried_over_text(one))
    for report in results.reports:
        put(*run_text.report(report))
    for job in results.left:
        put(f"{job.export.name}: not begun. Run the same files again: it goes on there.")


def _print_problems(report: "Report") -> None:
    """What kept a run from its end, or its sheet from being written: JSON has no place for it."""
    if report.stopped:
        print_error(ShipbatchError(f"stopped before the end: {report.stopped}", report.todo))
    if report.sheet_error:
        print_error(report.sheet_error)


def _say_where(url: str, store_hash: str, token: str) -> None:
    print(f"A store on this machine answers at {url}. In another terminal:")
    print(f"  export BIGCOMMERCE_API_URL={url}")
    print(f"  export BIGCOMMERCE_STORE_HASH={store_hash}")
    print(f"  export BIGCOMMERCE_ACCESS_TOKEN={token}")
    print("Ctrl-C ends it.", flush=True)
