"""One file through all stages, from loading and judging to shipping and its results sheet.

=============  ==============================================
module         what it knows
=============  ==============================================
job            what a person asked for
session        one store, opened: what its stages share
runner         several files, one after the other
run_context    one run on its way
pipeline       one file through all stages
input_copies   the copy of an export that a run works on
retention      how long copies and sheets are kept
load           an export read
deduplicate    what the ledger already holds as created
resolver       orders, their lines and their shipments
planner        a file judged, before anything is sent
gate           the file let through, or held
plan           the judgement on its way into the ledger
baselines      an order as it was when last read
estimate       what the run is about to cost
shipping/      posted, read back, corrected
report         rows added up, sheet, exit status
carry_over     what earlier runs left open
known_labels   numbers void since they shipped, or another order's
decisions      what waits for a person, and the person's word
sheet_answers  words in the Decision cells of a sheet
sandbox_run    the same run against a store on this machine
progress       where a run tells how it goes
=============  ==============================================
"""

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
