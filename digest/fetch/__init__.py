"""Fetches addresses: a URL comes in, the bytes of its answer go out, politely and guarded.

In: a URL, what is known of the last answer (ETag, Last-Modified), and limits. Out: a `Response`, or a
`FetchError` in words. Never: a file, a private address (unless its host is allowed by name), a proxy from the
environment, more than the limits in bytes, seconds or redirects, and no look at what the bytes mean.

addresses.py  which addresses may be dialled, and the network backend that dials exactly those
body.py       an answer's body, decompressed and counted while it streams
client.py     `Fetcher`: conditions, redirects, statuses, errors in words
turns.py      one request at a time per site, and the pauses that sites ask for
urls.py       which URLs may be asked for, and how an error names them
waits.py      when a site wants to be asked again
"""

from digest.fetch.client import LIMITS, Fetcher, Get, Limits, Response
from digest.fetch.host_lock import PAUSES, TURNS, Turn, Turns, site_of
from digest.fetch.waits import retry_after

__all__ = [
    "LIMITS",
    "PAUSES",
    "TURNS",
    "Fetcher",
    "Get",
    "Limits",
    "Response",
    "Turn",
    "Turns",
    "retry_after",
    "site_of",
]
