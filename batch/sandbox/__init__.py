"""BigCommerce on this machine: a store made of plain data, served over HTTP, with faults on request.

Another program than the rest of the package: it imports nothing of it. It behaves as the Orders V2
API documents; where nothing is published, `Behaviour` has both sides. It is not BigCommerce's work.

===============  ==================================================================
module           what it knows
===============  ==================================================================
orders           the shape of a store's data, and reading it
generate_orders  a store in which a given export can be shipped
store            the rules by which shipments change the data
event_log        what was made, changed and deleted, kept in a file
responses        how data is written in JSON; links and statuses belong to it
fields           what a request's body may say; answers has the documented errors
endpoints        what is answered to one call
gateway          path, token, scope, media types; quota counts
behaviour        what nobody has published, as switches
faults           what goes wrong on request; http does it to the socket
server           all of it as a server
===============  ==================================================================
"""

from batch.sandbox.behaviour import Behaviour, Sideloads
from batch.sandbox.faults import Fault, Faults, Reply
from batch.sandbox.generate_orders import store_for
from batch.sandbox.orders import load_orders
from batch.sandbox.quota import Quota
from batch.sandbox.server import Sandbox, serve

__all__ = [
    "Behaviour",
    "Fault",
    "Faults",
    "Quota",
    "Reply",
    "Sandbox",
    "Sideloads",
    "load_orders",
    "serve",
    "store_for",
]
