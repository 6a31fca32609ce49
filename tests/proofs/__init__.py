"""Proofs by killing: the real command line against a sandbox in another process, whose own list is
the judge.

Each is one command, and has a short form in the test suite:

- `python -m tests.proofs.points`: SIGKILL at each passage of each named point, both kinds of store.
- `python -m tests.proofs.disk`: a disk that fills up at every stage.
- `python -m tests.proofs.kills --kills 10000 --seed 0`: SIGKILL at random microseconds; `--seeds
  A:B` goes on.
- `python -m tests.proofs.soak --files 2000 --kill-every 60`: a drop folder, two watchers, faults,
  kills, growth.
- `python -m tests.proofs.simulation --seeds 0:100000`: the whole program, a faulty store, one
  virtual clock.
- `python -m tests.proofs.mutations`: the safeguards taken out one by one; each must turn the suite
  red.
- `python -m tests.proofs.random_changes --count 84 --seed 0`: one token of the rules changed; do
  its tests notice?
- `python -m tests.proofs.scoreboard`: the same faults and kills for shipbatch and for how it is
  done without.

They print how many were killed, how many shipments were doubled, how many lost, and end with 1 if
any was.
"""

import faulthandler
import os

# NumPy's own threads would be in every process that is forked, and none of them is needed.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# An interpreter that dies says where: this one and its forks (pytest has seen to its own), and
# those that they start.
os.environ.setdefault("PYTHONFAULTHANDLER", "1")
if not faulthandler.is_enabled():
    faulthandler.enable()
