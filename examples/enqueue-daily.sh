#!/bin/sh
# From cron, once a day: 0 9 * * * QUNFA_API_KEY=… /opt/qunfa/examples/enqueue-daily.sh
# The day is the idempotency key: however often it runs, each day has one campaign.
set -eu
url=${QUNFA_URL:-http://127.0.0.1:3000}
day=$(date +%F)
curl --fail-with-body --silent --show-error --retry 5 --retry-connrefused \
  -H "Authorization: Bearer ${QUNFA_API_KEY:-}" -H 'Content-Type: application/json' \
  -H "Idempotency-Key: daily-$day" "$url/v1/campaigns" --data @- <<BODY
{
  "account": "default",
  "name": "Daily $day",
  "audience": { "type": "group", "groupId": "2" },
  "message": { "type": "text", "content": "Happy Day $day" }
}
BODY
