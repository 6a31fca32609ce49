"""BigCommerce's Orders V2 API: `client` asks, `rate_limit` paces, `verdict` judges.

============  ===============================================
module        what it knows
============  ===============================================
client        one method per endpoint
transport     one request, sent at most once
response      what came of it
parse         the store's JSON as model objects
payload       a shipment as a request body
order_pages   orders by id, up to 250 a page
verdict       what an answer means; how long to wait after it
error_text    what the store says is wrong
quota_window  the quota that its headers tell
rate_limit    how fast it may be asked
slowdown      pauses after refusals, and a slow start
concurrency   how many requests at once
============  ===============================================
"""

from batch.bigcommerce.client import Client
from batch.bigcommerce.payload import body, correction, limits
from batch.bigcommerce.response import Phase, Response
from batch.bigcommerce.verdict import Kind, Verdict, judge

__all__ = [
    "Client",
    "Kind",
    "Phase",
    "Response",
    "Verdict",
    "body",
    "correction",
    "judge",
    "limits",
]
