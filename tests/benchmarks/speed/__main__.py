"""The whole table: `python -m tests.benchmarks.speed
[quota|others|requests|unlimited|rivals|ledger|start …]`.

Every figure is from this run on this machine, each ratio from one process or two side by side; with
a store of its own for each, short windows, and everything written to disk as in earnest.
"""

import argparse

from tests.benchmarks.speed.measures import MEASURES

MET = {True: "yes", False: "**no**", None: ""}


def main() -> None:
    """Print the rows as they come."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.speed", description=__doc__)
    parser.add_argument(
        "measures", nargs="*", help=f"which: {', '.join(MEASURES)}; all, if none is named"
    )
    chosen = parser.parse_args().measures or list(MEASURES)
    if strange := set(chosen) - MEASURES.keys():
        parser.error(f"there is no {', '.join(sorted(strange))}; there are {', '.join(MEASURES)}")
    print("| measure | here | goal | met |", "|---|---|---|---|", sep="\n")
    for name in chosen:
        for row in MEASURES[name]():
            print(f"| {row.measure} | {row.ours} | {row.goal} | {MET[row.met]} |", flush=True)


if __name__ == "__main__":
    main()
