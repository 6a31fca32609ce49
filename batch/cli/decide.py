"""Commands that mend: `decide`, `source`, `forget`, `undo`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batch.cli import options
from batch.cli.queue import cancel_queued, forget_queued
from batch.cli.terminal import (
    answers_of,
    ledger_of,
    live_settings,
    print_result,
    run_with_progress,
    settings_of,
    store_of,
)

if TYPE_CHECKING:
    from batch.commands.answer import CommandResult
    from batch.pipeline.progress import Progress
    from batch.primitives.stop import StopEvent


def decide(
    run_id: options.DecidedRun = "",
    answers: options.Decisions = None,
    order: options.DecidedOrder = None,
    row: options.DecidedRow = None,
    everything: options.DecideAll = False,
    file: options.DecideFile = False,
    queued: options.QueuedFile = None,
    why: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    who: Annotated[str, typer.Option(help="Who decides (the user of this machine).")] = "",
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """List all that waits for a person, held or in doubt, with the numbers; take the decision."""
    from batch.commands.decide import Answer, list_pending, take_decision
    from batch.pipeline.decisions import answer_of
    from batch.pipeline.decisions import current_user as this_user

    answer = " ".join(answers or [])
    if run_id and Path(run_id).is_file():
        _answer_questions(Path(run_id), answers or [], who or this_user(), store, as_json=as_json)
    if queued is not None:
        others = (run_id, order, row, everything, file)
        result = cancel_queued(
            queued,
            answer and answer_of(answer),
            who or this_user(),
            why,
            store,
            alone=not any(others),
        )
        print_result(result, as_json=as_json)
        return
    if not answer:
        settings = settings_of(store=store)
        with ledger_of() as ledger:
            result = list_pending(ledger, settings.store if settings.store_hash else None, run_id)
        print_result(result, as_json=as_json)
        raise typer.Exit(result.status)
    settings = live_settings(store=store_of(run_id, store))
    word = Answer(
        answer_of(answer),
        who or this_user(),
        why,
        order=order,
        row=row,
        everything=everything,
        file=file,
    )

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop) as store_open:
            return await take_decision(store_open, run_id, word)

    result, signalled = run_with_progress(work, quiet=as_json, database=settings.database)
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def _answer_questions(
    file: Path, answers: list[str], who: str, store: str, *, as_json: bool
) -> None:
    """Keep the answers to the questions about a file; without any, they are listed."""
    from batch.commands.read import answer_questions, folder_of, read_file

    folder = folder_of(file, settings_of(store=store))
    settings = live_settings(store=store or folder.store)
    source = settings.source_named(folder.source, file.name)

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop, lock=bool(answers)) as session:
            if not answers:
                return read_file(file, source, {}, settings, session.ledger)
            return await answer_questions(
                session.ledger, settings, file, source, answers_of(answers), who
            )

    result, signalled = run_with_progress(work, quiet=True, database=settings.database)
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def source(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A source, or a file of it; without, all.")
    ] = "",
    answer: options.Answers = None,
    forget: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A question to be asked again.")
    ] = None,
    store: options.StoreName = "",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Of the rehearsals.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """What is remembered of a source's files, by whom and since when; corrects it."""
    from batch.commands.source import correct_source, describe_source, list_sources
    from batch.config.environment import this_user

    if not (answer or forget):
        settings = settings_of(store=store, sandbox=sandbox)
        with ledger_of(sandbox=sandbox) as ledger:
            if sandbox:  # each rehearsal has a store of its own: the newest one's
                newest = next(iter(ledger.runs()), None)
                settings = settings.model_copy(update={"identity": newest.store if newest else ""})
            result = (
                describe_source(ledger, settings, name) if name else list_sources(ledger, settings)
            )
        print_result(result, as_json=as_json)
        return
    given, live = answers_of(answer or []), live_settings(store=store)

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.pipeline.session import open_store

        async with open_store(live, progress, stop) as session:
            return await correct_source(
                session.ledger, live, name, given, forget or [], this_user()
            )

    result, signalled = run_with_progress(work, quiet=True, database=live.database)
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def forget(
    what: Annotated[str, typer.Argument(metavar="ORDER", help="An order, or a mail address.")],
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Also what is not over: its export has to be dropped again."),
    ] = False,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Take a person out of copies of exports, our sheets and the queue; shipments stay."""
    settings = settings_of(store=store)

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.commands.forget import forget as forget_person
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop) as session:
            search = partial(forget_person, session.ledger, settings, what, anyway=anyway)
            if settings.database:
                return await forget_queued(settings.database, search)
            return search({})

    result, signalled = run_with_progress(work, quiet=True, database=settings.database)
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)


def undo(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="A run, or the start of its id.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without it, only what would be done is shown.")
    ] = False,
    keep_status: Annotated[
        bool,
        typer.Option(
            "--keep-status",
            help="Leave the orders' statuses alone: a change may mail the customer.",
        ),
    ] = False,
    order: Annotated[
        int | None, typer.Option("--order", help="Only the shipments of this order.")
    ] = None,
    store: options.StoreName = "",
    as_json: options.AsJson = False,
) -> None:
    """Delete what a run made and nobody has changed since, and put the orders' statuses back."""
    settings = live_settings(store=store_of(run_id, store))

    async def work(progress: "Progress", stop: "StopEvent") -> "CommandResult":
        from batch.commands.undo import undo_run
        from batch.pipeline.session import open_store

        async with open_store(settings, progress, stop, lock=yes) as store_open:
            return await undo_run(
                store_open, run_id, for_real=yes, keep_status=keep_status, order=order
            )

    result, signalled = run_with_progress(
        work, quiet=as_json, reads=not yes, database=settings.database
    )
    print_result(result, as_json=as_json)
    raise typer.Exit(signalled or result.status)
