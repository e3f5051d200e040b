"""The pages and the API: everything that a subscriber touches in a browser, or a script on their behalf.

In: requests. Out: pages that work without JavaScript, JSON. Never: SQL, a decision that the pipeline should
make, a password, a third party's file, or a change because of a GET (but for `confirm`, in the browser that
asked).

    app       routes joined, what all requests share    guards   headers, sizes, proxies, forged forms
    limits    how much work a network may cause         errors   what went wrong, in words
    connections   how many, and how long each waits
    pages/    landing, catalog, preferences, links      forms    what was typed → interests, or its mistakes
    api       JSON                                      health   /healthz, /readyz, /metrics
    ticker    work after the answer, and every minute   server   uvicorn
"""
