"""BigCommerce's Orders V2 API: `client` asks, `quota` paces, `answers` judges, `payload` and `parsing` translate."""

from batch.bigcommerce.answers import Kind, Phase, Reply, Verdict, judge
from batch.bigcommerce.client import Client
from batch.bigcommerce.payload import body, correction, limits

__all__ = ["Client", "Kind", "Phase", "Reply", "Verdict", "body", "correction", "judge", "limits"]
