# Images of Node, Redis and Caddy without a registry: this machine's own programs and their libraries.
# Sourced by run.sh, which sets `work` and `docker`.

# A root with these programs, their libraries, and the shell that images of Debian have.
new_root() {
  local root=$1
  shift
  mkdir -p "$root"/{tmp,etc,root,usr/bin,usr/sbin,usr/lib,usr/lib64,usr/local/bin,var,proc,dev,sys}
  chmod 1777 "$root/tmp"
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$root/$link"; done
  ln -s dash "$root/usr/bin/sh"
  printf 'root:x:0:0::/root:/bin/sh\nredis:x:999:999::/data:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\nredis:x:999:\nnode:x:1000:\n' >"$root/etc/group"
  add_programs "$root" dash cat chmod chown cp env find grep id ln ls mkdir mv rm sleep touch setpriv "$@"
  cp -a --parents /usr/lib/x86_64-linux-gnu/libnss_*.so.2 "$root" 2>/dev/null || true
  if [ -d /etc/ssl/certs ]; then
    mkdir -p "$root/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
  fi
}

add_programs() {
  local root=$1 program found
  shift
  for program in "$@"; do
    found=$(readlink -f "$(command -v "$program")")
    cp -L "$found" "$root/usr/bin/$(basename "$program")"
    add_libraries "$root" "$found"
  done
}

add_libraries() {
  local root=$1 library folder
  folder=$root/usr/lib/$(uname -m)-linux-gnu
  mkdir -p "$folder"
  { ldd "$2" 2>/dev/null || true; } | grep -oE '/[^ )]+' | while read -r library; do
    case $library in
      */ld-linux*) cp -L "$library" "$root/usr/lib64/" ;;
      *) cp -L "$library" "$folder/" ;;
    esac
  done
}

node_image() {
  local root=$work/node-root npm
  new_root "$root" node
  npm=$(readlink -f "$(command -v npm)")
  npm=${npm%/bin/npm-cli.js}
  mkdir -p "$root/usr/lib/node_modules"
  cp -rL "$npm" "$root/usr/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
  # npm trusts in there whom this machine trusts.
  tar -C "$root" -c . | $docker import --change 'ENV PATH=/usr/local/bin:/usr/bin' \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - qunfa-test-node >/dev/null
}

# $1: a folder with Debian's redis-server unpacked in it
redis_image() {
  local root=$work/redis-root file
  new_root "$root"
  for file in redis-check-rdb redis-cli; do
    cp -L "$1/usr/bin/$file" "$root/usr/bin/"
    LD_LIBRARY_PATH=$1/usr/lib/$(uname -m)-linux-gnu add_libraries "$root" "$1/usr/bin/$file"
  done
  ln -s redis-check-rdb "$root/usr/bin/redis-server"
  mkdir -p "$root/data"
  # As that of Docker's image: the files belong to redis, and so does the server.
  cat >"$root/usr/local/bin/docker-entrypoint.sh" <<'ENTRY'
#!/bin/sh
set -e
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis {} +
  exec setpriv --reuid=999 --regid=999 --clear-groups "$0" "$@"
fi
exec "$@"
ENTRY
  chmod +x "$root/usr/local/bin/docker-entrypoint.sh"
  tar -C "$root" -c . | $docker import --change 'ENV PATH=/usr/local/bin:/usr/bin' --change 'WORKDIR /data' \
    --change 'ENTRYPOINT ["docker-entrypoint.sh"]' - qunfa-test-redis >/dev/null
}

# $1: the program
proxy_image() {
  local root=$work/proxy-root
  new_root "$root"
  cp "$1" "$root/usr/bin/caddy"
  add_libraries "$root" "$1"
  mkdir -p "$root/etc/caddy" "$root/data" "$root/config"
  tar -C "$root" -c . | $docker import --change 'ENV PATH=/usr/local/bin:/usr/bin' - qunfa-test-proxy >/dev/null
}
