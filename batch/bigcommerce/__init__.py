"""BigCommerce's Orders V2 API: `client` asks, `quota` paces, `answers` judges."""

from batch.bigcommerce.answers import Kind, Verdict, judge
from batch.bigcommerce.client import Client
from batch.bigcommerce.payload import body, correction, limits
from batch.bigcommerce.reply import Phase, Reply

__all__ = ["Client", "Kind", "Phase", "Reply", "Verdict", "body", "correction", "judge", "limits"]
