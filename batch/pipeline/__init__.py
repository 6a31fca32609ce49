"""One file through all stages: load, recognise, resolve, judge, plan, ship, settle, account, write."""

from batch.pipeline.job import Job
from batch.pipeline.load import NothingKnown, RecalledColumns, copy_of, read, source_of_run
from batch.pipeline.pipeline import Pipeline
from batch.pipeline.report import exit_status, known_waiting, summarize, write_sheet
from batch.pipeline.sheet_answers import is_answered, take_decisions

__all__ = [
    "Job",
    "NothingKnown",
    "Pipeline",
    "RecalledColumns",
    "copy_of",
    "exit_status",
    "is_answered",
    "known_waiting",
    "read",
    "source_of_run",
    "summarize",
    "take_decisions",
    "write_sheet",
]
