#!/usr/bin/env bash
# Builds the image and runs docker-compose.yml on a Docker engine, against the sandbox: doctor inside a
# container, two callbacks behind the proxy, and Redis stopped and started again while campaigns run.
#
# Needs root, Debian and its packages docker.io, docker-compose and caddy; no registry of images.
# Where that cannot be had it says so in one line that begins "NOT TESTED", and ends well. What it
# finds wrong with the product it ends with 3.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
docker="docker -H unix://$work/docker.sock"
export COMPOSE_PROJECT_NAME=qunfa-test-$$
export NODE_IMAGE=qunfa-test-node REDIS_IMAGE=qunfa-test-redis PROXY_IMAGE=qunfa-test-proxy
engine=

not_tested() {
  echo "NOT TESTED: the image and docker-compose.yml ($1)"
  exit 0
}

failed=0
law() {
  local title=$1
  shift
  if "$@"; then echo "  ok: $title"; else
    echo "  FAILED: $title"
    failed=$((failed + 1))
  fi
}

clean_up() {
  if [ -n "$engine" ]; then
    $docker ps -aq | xargs -r $docker rm -f >/dev/null 2>&1 || true
    $docker network prune --force >/dev/null 2>&1 || true
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
  fi
  umount "$work"/data/overlay2/*/merged "$work"/exec/netns/* 2>/dev/null || true
  rm -rf "$work" || true
}
trap clean_up EXIT

# --- An engine ---

[ "$(id -u)" -eq 0 ] || not_tested 'an engine of its own needs root'
wanted=()
command -v dockerd >/dev/null || wanted+=(docker.io)
command -v docker-compose >/dev/null || wanted+=(docker-compose)
if [ "${#wanted[@]}" -gt 0 ]; then
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
    install -y --no-install-recommends "${wanted[@]}"; } >"$work/apt.log" 2>&1 ||
    not_tested "${wanted[*]} could not be installed"
fi
# A package's own service is not used; this engine has its own folder. It leaves its empty chains in iptables.
setsid dockerd --data-root "$work/data" --exec-root "$work/exec" -H "unix://$work/docker.sock" \
  --pidfile "$work/docker.pid" --bridge none --iptables=true >"$work/engine.log" 2>&1 &
engine=$!
for _ in $(seq 150); do
  $docker info >/dev/null 2>&1 && break
  kill -0 "$engine" 2>/dev/null || break
  sleep 0.2
done
$docker info >/dev/null 2>&1 || not_tested "no engine runs here: $(tail -n 1 "$work/engine.log")"
compose() { DOCKER_HOST=unix://$work/docker.sock docker-compose --env-file .env.demo --profile demo "$@"; }

# --- Images ---

source test/containers/base-images.sh
(cd "$work" && apt-get -qq download redis-tools caddy) >"$work/apt.log" 2>&1 ||
  not_tested 'no packages of Redis and Caddy'
mkdir "$work/unpacked"
for package in "$work"/*.deb; do dpkg -x "$package" "$work/unpacked"; done
for library in libjemalloc2 liblzf1 libatomic1; do
  (cd "$work" && apt-get -qq download "$library" && dpkg -x "$library"*.deb unpacked) >>"$work/apt.log" 2>&1
done
node_image && redis_image "$work/unpacked" && proxy_image "$work/unpacked/usr/bin/caddy"
echo "  base images: $SECONDS s"
$docker build --network host --build-arg "NODE_IMAGE=$NODE_IMAGE" --tag qunfa . >"$work/build.log" 2>&1 ||
  {
    if grep -qE 'npm error code (ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|.*CERT)' "$work/build.log"; then
      not_tested 'npm reaches no registry from a container'
    fi
    tail -n 20 "$work/build.log"
    echo 'FAILED: docker build'
    exit 3
  }
echo "  qunfa built: $SECONDS s"

megabytes() { $docker image inspect --format '{{.Size}}' "$1" | awk '{ printf "%d", $1 / 1e6 }'; }
ours=$(($(megabytes qunfa) - $(megabytes "$NODE_IMAGE")))
echo "  the image adds $ours MB to that of Node"
law 'the image adds at most 60 MB to that of Node' test "$ours" -le 60
no_compiler() { ! $docker run --rm --network none --entrypoint ls qunfa node_modules/typescript >/dev/null 2>&1; }
law 'the image has no compiler' no_compiler
any_user() { $docker run --rm --network none --read-only --user 4711:4711 --entrypoint qunfa qunfa --version >/dev/null; }
law 'the image runs as any user on a read-only disk' any_user

# --- docker-compose.yml, with the demo's settings ---

free_port() { node -e 'const s = net.createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
PRODUCER_PORT=$(free_port) CALLBACK_PORT=$(free_port) SANDBOX_PORT=$(free_port)
export PRODUCER_PORT CALLBACK_PORT SANDBOX_PORT
api=http://127.0.0.1:$PRODUCER_PORT sandbox=http://127.0.0.1:$SANDBOX_PORT
compose up --detach --no-build --scale worker=2 --scale callback=2 >"$work/up.log" 2>&1 ||
  { tail -n 20 "$work/up.log"; echo 'FAILED: docker-compose up'; exit 3; }

until_true() {
  local seconds=$1
  shift
  for _ in $(seq $((seconds * 2))); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.5
  done
  return 1
}
law 'the producer is ready behind the proxy' until_true 60 curl -fsS "$api/readyz"
echo "  ready: $SECONDS s"
law 'the sandbox can be reached at its port' curl -fsS -o "$work/ledger.json" "$sandbox/sandbox/ledger"
compose exec -T producer qunfa doctor >"$work/doctor.log" 2>&1 || true
law 'qunfa doctor runs in the producer, and finds the account' grep -q default "$work/doctor.log"
no_anonymous() { ! $docker volume ls -q | grep -qE '^[0-9a-f]{64}$'; }
law 'no volume is without a name' no_anonymous

enqueue() {
  curl -fsS "$api/v1/campaigns" -H 'authorization: Bearer demo-key' -H 'content-type: application/json' \
    -H "idempotency-key: $1" \
    -d "{\"account\":\"default\",\"name\":\"$1\",\"audience\":{\"type\":\"group\",\"groupId\":\"2\"},\"message\":{\"type\":\"text\",\"content\":\"Happy Day $1\"}}"
}
# While Redis is away the answer is 503; the same key makes a repeat safe.
accepted() { until_true 60 enqueue "$1"; }
several() {
  local from=$1 to=$2 n
  for n in $(seq "$from" "$to"); do accepted "c$n" || return 1; done
}
law 'campaigns are accepted' several 1 8
several 9 16 &
enqueuing=$!
compose stop redis >/dev/null 2>&1
law 'the producer says that it is not ready while Redis is away' until_true 20 bash -c "! curl -fsS $api/readyz"
compose start redis >/dev/null 2>&1
law 'campaigns enqueued while Redis was away are accepted in the end' wait "$enqueuing"
completed() {
  curl -fsS "$api/v1/campaigns?state=completed&limit=100" -H 'authorization: Bearer demo-key' |
    node -e 'const { campaigns, items } = JSON.parse(fs.readFileSync(0)); process.exit((campaigns ?? items).length === 16 ? 0 : 1)'
}
law 'every campaign completes' until_true 100 completed
once() { curl -fsS "$sandbox/sandbox/ledger" | grep -q '"sends":16,.*"duplicates":\[\]'; }
law 'each campaign went out once' once

law 'each role ends within its grace' compose stop --timeout 28 worker callback producer
codes() { $docker ps -a --filter label=com.docker.compose.service="$1" --format '{{.Status}}'; }
for role in worker callback producer; do
  law "$role exits with 0" bash -c "! grep -v 'Exited (0)' <<<'$(codes "$role")'"
done
if [ "$failed" -gt 0 ]; then
  compose logs --tail 15 --no-color producer worker callback proxy redis 2>&1 | tail -n 80
  cat "$work/doctor.log"
  echo "$failed FAILED"
  exit 3
fi
echo "containers: all well after $SECONDS s"
