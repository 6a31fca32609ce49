"""A Prometheus text file after each run, for node_exporter's textfile collector: totals from the ledger itself."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from batch.config import Settings
from batch.errors import ConfigError, ShipbatchError
from batch.ledger import read_ledger
from batch.ledger.queries import LedgerReader
from batch.model import State
from batch.model.exit_status import CAME_TO_ITS_END
from batch.model.statuses import STATUSES
from batch.results.accounting import Report, row_count


def write_metrics_file(settings: Settings, reports: Sequence[Report]) -> str:
    """Write the metrics where the settings want them; returns what went wrong, which changes nothing of the run."""
    if settings.metrics_file is None:
        return ""
    try:
        with read_ledger(settings.ledger) as ledger:
            write_metrics(settings.metrics_file, ledger, reports)
    except ShipbatchError as error:
        return f"{error} {error.todo}"
    return ""


def write_metrics(path: Path, ledger: LedgerReader, reports: Sequence[Report]) -> None:
    """Write the file whole, for all stores of the ledger; how fast the store let us go is of the reports.

    What counts only grows, whichever process wrote last: it is summed up over the ledger's runs.
    ConfigError where the file or the library is not to be had.
    """
    try:
        from prometheus_client import CollectorRegistry, write_to_textfile
    except ImportError:
        raise ConfigError(
            "`metrics_file` is set, and prometheus_client is not installed.", "Run: pip install 'shipbatch[metrics]'."
        ) from None
    registry = CollectorRegistry()
    registry.register(_Families([*_totals(ledger), *_now(ledger), *_pace(reports)]))
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise ConfigError(
            f"metrics_file {path} cannot be written: {error.strerror or error}.", "Correct `metrics_file`."
        ) from error


class _Families:
    """Families that are there already, for a registry."""

    def __init__(self, families: Sequence[Any]) -> None:
        self._families = families

    def collect(self) -> Sequence[Any]:
        return self._families


def _totals(ledger: LedgerReader) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily as Counter

    rows = Counter("shipbatch_rows", "Rows of exports by what became of them", labels=["store", "status"])
    requests = Counter("shipbatch_requests", "Requests sent", labels=["store"])
    runs = Counter("shipbatch_runs", "Runs by exit status", labels=["store", "exit"])
    for store in ledger.stores():
        of_store = ledger.runs(store)
        for status in (each.key for each in STATUSES):
            rows.add_metric([store, status], sum(row_count(run.summary, status) for run in of_store))
        requests.add_metric([store], sum(run.summary.get("requests", 0) for run in of_store))
        ended = [run.exit_status for run in of_store if run.exit_status is not None]
        for exit_status in sorted(set(ended)):
            runs.add_metric([store, str(exit_status)], ended.count(exit_status))
    yield from (rows, requests, runs)


def _now(ledger: LedgerReader) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    success = Gauge("shipbatch_last_success_timestamp_seconds", "End of the last whole run", labels=["store"])
    doubts = Gauge("shipbatch_in_doubt", "Shipments whose outcome is not known", labels=["store"])
    shipments = Gauge("shipbatch_shipments", "Shipments in the ledger by their state", labels=["store", "state"])
    for store in ledger.stores():
        counts = ledger.states(store)
        for state in (*State, "deleted"):
            shipments.add_metric([store, state], counts.get(state, 0))
        doubts.add_metric([store], len(ledger.unsettled_records(store)))
        ends = [run.finished for run in ledger.runs(store) if run.finished and run.exit_status in CAME_TO_ITS_END]
        if ends:
            success.add_metric([store], max(ends).timestamp())
    yield from (success, doubts, shipments)


def _pace(reports: Sequence[Report]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    for name, words in (
        ("quota_left", "Requests left in the store's window at the run's end"),
        ("waited_seconds", "Seconds that the last run waited for the quota"),
        ("refusals", "Answers 429 in the last run"),
    ):
        gauge = Gauge(f"shipbatch_{name}", words, labels=["store"])
        for store, value in {report.run.store: report.pace.get(name) for report in reports}.items():
            if value is not None:
                gauge.add_metric([store], value)
        yield gauge
