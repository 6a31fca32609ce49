"""One file through all stages, from loading and judging to shipping and its results sheet."""

from batch.pipeline.job import Job
from batch.pipeline.load import copy_of, read, source_of_run
from batch.pipeline.pipeline import Pipeline
from batch.pipeline.report import exit_status, known_waiting, summarize, write_sheet
from batch.pipeline.sheet_answers import is_answered, take_decisions

__all__ = [
    "Job",
    "Pipeline",
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
