"""BigCommerce's Orders V2 API: `client` asks, `rate_limit` paces, `verdict` judges."""

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
