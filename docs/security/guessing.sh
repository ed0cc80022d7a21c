#!/usr/bin/env bash
# Guesses a password with hydra, 10,000 times from four networks at once, on this machine alone. The
# right password is among the guesses, and is not found; its owner logs in all the while, in a
# browser in which they have logged in before. Needs hydra, nginx and curl, and the program:
#   cargo build --release --package vestibule-server
#   docs/security/guessing.sh            [GUESSES]
#   docs/security/guessing.sh --control  without the throttle: hydra must find the password
set -euo pipefail

program=$(realpath "${VESTIBULE:-target/release/vestibule}")
guesses=10000 throttle=on
case ${1:-} in
  --control) throttle=off guesses=80 ;;
  ?*) guesses=$1 ;;
esac
for tool in hydra nginx curl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install $tool" >&2; exit 1; }
done
folder=$(mktemp -d)
server=
stop() {
  [ ! -e "$folder/nginx.pid" ] || kill "$(cat "$folder/nginx.pid")" 2>/dev/null || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
cd "$folder"
password='correct horse battery staple'

mkdir instance
echo "$password" | "$program" user add alice --log warn >/dev/null
"$program" --listen 127.0.0.1:0 --trusted-proxies 127.0.0.1 --throttle "$throttle" \
  --argon2-memory-kib 8192 --argon2-passes 1 --log warn >said 2>log &
server=$!
while ! grep -q '^Open ' said; do
  kill -0 "$server" || { cat log >&2; exit 1; }
done
url=$(awk '/^Open / { print $2 }' said)

# hydra takes 401 for another kind of log-in: nginx between the two makes 200 of it, and counts.
port=$((20000 + RANDOM % 10000))
cat >nginx.conf <<EOF
pid $folder/nginx.pid;
error_log $folder/nginx.log;
events {}
http {
  log_format statuses '\$upstream_status';
  access_log $folder/statuses statuses;
  server {
    listen 127.0.0.1:$port;
    location / {
      proxy_pass $url;
      proxy_set_header Host localhost;
      proxy_intercept_errors on;
      error_page 401 429 =200 @rejected;
    }
    location @rejected { return 200 'name="password"'; }
  }
}
EOF
nginx -e "$folder/nginx.log" -c "$folder/nginx.conf"

# Logs in, with the cookies of this browser, from this address; prints the status.
log_in() {
  curl --silent --output answer.html --write-out '%{http_code}' --cookie-jar "$1" --cookie "$1" \
    --header "X-Forwarded-For: $2" --data-urlencode username=alice \
    --data-urlencode "password=$password" "$url/login"
}

expect() {
  [ "$2" = "$3" ] || { echo "$1: $2, and not $3" >&2; exit 1; }
  echo "$1: $2"
}

expect 'the owner logs in before' "$(log_in owner 203.0.113.9)" 303

each=$((guesses / 4))
for network in 1 2 3 4; do
  for number in $(seq "$each"); do
    [ "$number" = $((each / 2)) ] && echo "$password"
    echo "guess $network number $number of the password"
  done >"guesses-$network"
  timeout 300 hydra -q -I -l alice -P "guesses-$network" -t 8 -s "$port" 127.0.0.1 http-post-form \
    "/login:username=^USER^&password=^PASS^:H=X-Forwarded-For\: 198.51.$network.7:F=name=\"password\"" \
    >"found-$network" 2>&1 &
  hydras[network]=$!
done

logged_in=0
while kill -0 "${hydras[@]}" 2>/dev/null; do
  status=$(log_in owner 203.0.113.9)
  [ "$status" = 303 ] || { echo "the owner got $status while others guessed" >&2; exit 1; }
  logged_in=$((logged_in + 1))
done
for network in 1 2 3 4; do
  wait "${hydras[network]}" || true
done
echo "the owner logged in meanwhile: $logged_in times"
found=$(grep -h 'password: correct' found-* || true)
grep -q 'completed' found-1 || { cat found-1 >&2; exit 1; }
if [ "$throttle" = off ]; then
  [ -n "$found" ] || { cat found-* >&2; echo 'hydra did not find it without a throttle' >&2; exit 1; }
  echo "without the throttle, hydra found it: $found"
  exit
fi
[ -z "$found" ] || { echo "hydra found it: $found" >&2; exit 1; }
passed=$(grep -c '^401$' statuses || true)
rejected=$(grep -c '^429$' statuses || true)
echo "of $guesses guesses, hydra found none: $passed were looked at, $rejected were not"
[ $((passed + rejected)) -ge "$guesses" ] || { cat found-1 >&2; exit 1; }

"$program" throttle list --log warn
expect 'a new browser' "$(log_in new 203.0.113.77)" 429
"$program" throttle clear alice --log warn
status=429
# The program knows it within a second.
for _ in $(seq 500); do
  status=$(log_in new 203.0.113.77)
  [ "$status" = 429 ] || break
done
expect 'a new browser, after `vestibule throttle clear`' "$status" 303
