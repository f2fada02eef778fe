"""Enqueues a campaign from Python; the standard library is enough.

QUNFA_URL, QUNFA_API_KEY: where the producer is, and a key of its API_KEYS.
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("QUNFA_URL", "http://127.0.0.1:3000")


def enqueue(campaign: dict, idempotency_key: str) -> dict:
    """The accepted campaign. The same key makes a repeat safe, so outages are waited for."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
    if "QUNFA_API_KEY" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['QUNFA_API_KEY']}"
    request = urllib.request.Request(f"{URL}/v1/campaigns", json.dumps(campaign).encode(), headers)
    for pause in (1, 5, 30, 120, None):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code not in (429, 503) or pause is None:
                sys.exit(refusal.read().decode())
        except OSError:
            if pause is None:
                raise
        time.sleep(pause)


if __name__ == "__main__":
    accepted = enqueue(
        {
            "account": "default",
            "name": "Happy Day",
            "audience": {"type": "group", "groupId": "2"},
            "message": {"type": "text", "content": sys.argv[1]},
        },
        idempotency_key=sys.argv[2],
    )
    print(accepted["id"])
