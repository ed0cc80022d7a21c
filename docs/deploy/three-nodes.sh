#!/usr/bin/env bash
# Three copies of the program behind nginx, on a PostgreSQL and a Redis of their own, on this
# machine alone; and what happens when one of them is down. Needs postgresql, redis-server, nginx,
# curl and openssl, and the program: cargo build --release --package vestibule-server --all-features
#
#   docs/deploy/three-nodes.sh            shows it, and stops everything
#   docs/deploy/three-nodes.sh --serve    leaves it running until Enter is pressed
set -euo pipefail

program=$(realpath "${VESTIBULE:-target/release/vestibule}")
source "$(dirname "$0")/processes.sh"
postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -1)
as_postgres=()
if [ "$(id -u)" = 0 ]; then
  as_postgres=(runuser -u postgres --)
fi

postgres() {
  (cd /tmp && "${as_postgres[@]}" "$postgres_bin/pg_ctl" "$@" --silent --pgdata "$folder/postgres/data")
}

stop_more() {
  postgres stop --mode=immediate 2>/dev/null || true
}

start_postgres() {
  postgres start --wait --log "$folder/postgres/log" \
    --options "-p $postgres_port -k $folder/postgres -c listen_addresses=127.0.0.1" >/dev/null
}

start_redis() {
  redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$folder/redis" --save '' \
    --appendonly yes --appendfsync always >"$folder/redis/log" &
  pid[redis]=$!
}

start_node() {
  (cd "$folder" && exec "$program" --listen "127.0.0.1:${port[$1]}" --public-url "$url" \
    --secret-key-file "$folder/secret_key" --trusted-proxies 127.0.0.1 \
    --database-url "postgres://vestibule@127.0.0.1:$postgres_port/postgres" \
    --session-store "redis://127.0.0.1:$redis_port" >"$folder/node-$1.log" 2>&1) &
  pid[node-$1]=$!
}

# The status of a page at a node, with the cookies of a visitor.
status() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 \
    --cookie "$folder/$2.cookies" "http://127.0.0.1:${port[$1]:-$nginx_port}/welcome" || true
}

post() {
  curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 \
    --request POST --cookie "$folder/$2.cookies" --cookie-jar "$folder/$2.cookies" \
    --header "Host: 127.0.0.1:$nginx_port" "${@:4}" "http://127.0.0.1:${port[$1]:-$nginx_port}$3" || true
}

# Waits until every node gives this status to a visitor; fails if one does not.
all_say() {
  local started=$SECONDS node
  for node in 1 2 3; do
    until [ "$(status "$node" "$1")" = "$2" ]; do
      if [ $((SECONDS - started)) -gt "${3:-10}" ]; then
        echo "node $node says $(status "$node" "$1") to $1, and not $2: $4" >&2
        tail -n 20 "$folder/node-$node.log" >&2
        exit 1
      fi
    done
  done
  echo "ok: $4"
}

postgres_port=$(free_port) redis_port=$(free_port) nginx_port=$(free_port)
declare -A port=([1]=$(free_port) [2]=$(free_port) [3]=$(free_port))
url="http://127.0.0.1:$nginx_port"
mkdir "$folder/postgres" "$folder/redis" "$folder/nginx"
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder/postgres"
fi
(cd /tmp && "${as_postgres[@]}" "$postgres_bin/initdb" --username=vestibule --auth=trust \
  --encoding=UTF8 --no-sync --pgdata "$folder/postgres/data" >/dev/null)
start_postgres
start_redis
until (: <"/dev/tcp/127.0.0.1/$redis_port") 2>/dev/null; do :; done
(umask 077 && openssl rand -base64 32 >"$folder/secret_key")
cat >"$folder/nginx/nginx.conf" <<NGINX
daemon off;
pid $folder/nginx/pid;
error_log $folder/nginx/log;
events {}
http {
  access_log off;
  client_body_temp_path $folder/nginx/body;
  proxy_temp_path $folder/nginx/proxy;
  fastcgi_temp_path $folder/nginx/fastcgi;
  uwsgi_temp_path $folder/nginx/uwsgi;
  scgi_temp_path $folder/nginx/scgi;
  upstream vestibule {
    server 127.0.0.1:${port[1]};
    server 127.0.0.1:${port[2]};
    server 127.0.0.1:${port[3]};
  }
  server {
    listen 127.0.0.1:$nginx_port;
    location / {
      proxy_pass http://vestibule;
      proxy_set_header Host \$host:\$server_port;
      proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
      proxy_next_upstream error timeout;
      proxy_connect_timeout 2s;
    }
  }
}
NGINX
for node in 1 2 3; do
  start_node "$node"
done
nginx -c "$folder/nginx/nginx.conf" -e "$folder/nginx/log" &
pid[nginx]=$!
touch "$folder/nobody.cookies"
all_say nobody 303 60 "three nodes serve, all started at once on an empty database"
if [ "${1:-}" = --serve ]; then
  read -rp "Open $url (Enter stops) "
  exit
fi

credentials=(--data-urlencode username=alice --data-urlencode "password=correct horse battery staple")
[ "$(post 1 alice /register "${credentials[@]}")" = 303 ]
all_say alice 200 5 "whoever logs in at one node is known at all of them"
[ "$(post nginx bob /register --data-urlencode username=bob --data-urlencode 'password=correct horse battery staple')" = 303 ]
all_say bob 200 5 "also through nginx"
cp "$folder/bob.cookies" "$folder/thief.cookies"
[ "$(post 2 bob /logout)" = 303 ]
all_say thief 303 2 "a session ended at one node is refused at all of them"

kill -9 "${pid[node-1]}"
wait "${pid[node-1]}" 2>/dev/null || true
for _ in 1 2 3 4 5 6; do
  [ "$(status nginx alice)" = 200 ]
done
echo "ok: with a node killed nginx leads to the others"
start_node 1
all_say alice 200 30 "the node is back, and knows the session"

kill -9 "${pid[redis]}"
wait "${pid[redis]}" 2>/dev/null || true
all_say alice 503 10 "with Redis down nobody is taken for logged in, or for logged out"
start_redis
all_say alice 200 30 "with Redis back the session goes on"
all_say thief 303 2 "and what was ended stays ended"

postgres stop --mode=immediate
all_say alice 503 30 "with the database down there is 503"
start_postgres
all_say alice 200 30 "with the database back all is as it was"
