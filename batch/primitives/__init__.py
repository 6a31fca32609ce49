"""Parts that know nothing of shipping: stop, concurrency, spilled dicts, atomic files, failpoints.

===========  ===================================================
module       what it knows
===========  ===================================================
stop         one stop for all that goes on
concurrency  a few at a time
backoff      how long before something is tried again
spill        dicts on a disk
atomic_file  a file whole or not at all
spelling     two words of a file compared: SKUs, carriers, names
countries    countries by their names in many languages
escapes      control characters shown, never obeyed
uptime       which start of the machine this is, and its clock
failpoints   places where a test kills the program
===========  ===================================================
"""
