#!/usr/bin/env bash
# The program below /auth of a host, behind nginx: once nginx passes the path on, and once it
# removes it. On this machine alone. Needs nginx and curl, and the program:
# cargo build --package vestibule-server
#
#   docs/deploy/sub-path.sh            shows it, and stops everything
#   docs/deploy/sub-path.sh --serve    leaves it running until Enter is pressed
set -euo pipefail

program=$(realpath "${VESTIBULE:-target/debug/vestibule}")
source "$(dirname "$0")/processes.sh"

fail() {
  echo "$1" >&2
  tail -n 20 "$folder"/*/log >&2
  exit 1
}

# Starts the program at a port, with more settings.
start_program() {
  mkdir "$folder/$1"
  (cd "$folder/$1" && exec "$program" --listen "127.0.0.1:$2" --trusted-proxies 127.0.0.1 \
    "${@:3}" >log 2>&1) &
  pid[$1]=$!
}

passed_port=$(free_port) removed_port=$(free_port)
declare -A nginx_port=([passed]=$(free_port) [removed]=$(free_port))
mkdir "$folder/nginx"
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
  proxy_set_header Host \$host:\$server_port;
  proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
  server {
    listen 127.0.0.1:${nginx_port[passed]};
    location /auth/ {
      proxy_pass http://127.0.0.1:$passed_port;
    }
    location = /.well-known/change-password {
      return 303 /auth/change-password;
    }
    location / {
      return 200 "another app";
    }
  }
  server {
    listen 127.0.0.1:${nginx_port[removed]};
    location /auth/ {
      proxy_pass http://127.0.0.1:$removed_port/;
    }
    location /auth/admin {
      return 403;
    }
    location / {
      return 200 "another app";
    }
  }
}
NGINX
start_program passed "$passed_port" --public-url "http://127.0.0.1:${nginx_port[passed]}/auth"
start_program removed "$removed_port" --public-url "http://127.0.0.1:${nginx_port[removed]}/auth" \
  --proxy-removes-path true
nginx -c "$folder/nginx/nginx.conf" -e "$folder/nginx/log" &
pid[nginx]=$!

# The answer of nginx to a path, with the cookies of alice: the status, and where it leads.
answer() {
  local url=http://127.0.0.1:${nginx_port[$1]}
  local said
  said=$(curl --silent --output "$folder/page" --path-as-is --max-time 10 \
    --write-out '%{http_code} %{redirect_url}' \
    --cookie "$folder/$1.cookies" --cookie-jar "$folder/$1.cookies" "${@:3}" "$url$2") || true
  said=${said//$url/}
  echo "${said% }"
}

is() {
  local said
  said=$(answer "$1" "$2" "${@:4}")
  [ "$said" = "$3" ] || fail "$1: $2 says '$said', and not '$3'"
}

for way in passed removed; do
  touch "$folder/$way.cookies"
  for ((tries = 0; ; tries++)); do
    [ "$(answer "$way" /auth/login)" = 200 ] && break
    [ "$tries" -lt 3000 ] || fail "$way: it does not serve"
  done
done
if [ "${1:-}" = --serve ]; then
  for way in passed removed; do
    echo "The path is $way: http://127.0.0.1:${nginx_port[$way]}/auth/"
  done
  read -rp "Enter stops "
  exit
fi

credentials=(--data-urlencode username=alice --data-urlencode "password=correct horse battery staple")
for way in passed removed; do
  origin=(--header "Origin: http://127.0.0.1:${nginx_port[$way]}")
  is "$way" /auth "301 /auth/"
  is "$way" /auth/ "303 /auth/login"
  is "$way" /auth/welcome "303 /auth/login?next=%2Fauth%2Fwelcome"
  is "$way" /auth/register "303 /auth/welcome" "${credentials[@]}" "${origin[@]}"
  is "$way" /auth/welcome 200
  links=$(grep -oE '(href|src|action)="[^"#]+' "$folder/page" | cut -d '"' -f 2)
  links=$(sed -e 's,&#x2f;,/,g' -e 's,&amp;,\&,g' <<<"$links" | sort -u)
  for link in $links; do
    [[ $link == /auth/* ]] || fail "$way: a link to $link"
    # Its form alone leads there.
    [[ $link == /auth/language ]] && continue
    [[ $(answer "$way" "$link") == [23]* ]] || fail "$way: $link says $(answer "$way" "$link")"
  done
  is "$way" /auth/nowhere 404
  is "$way" /auth/auth/login 404
  is "$way" /auth/auth/admin 404
  is "$way" /other 200
  grep -q "another app" "$folder/page" || fail "$way: /other is not the other app"
  paths=$(grep -P '\tsession-' "$folder/$way.cookies" | cut -f 3)
  [ "$paths" = /auth ] || fail "$way: the session cookie is for '$paths'"
  is "$way" /auth/logout "303 /auth/login" --request POST "${origin[@]}"
  is "$way" /auth/login "303 /auth/welcome" "${credentials[@]}" "${origin[@]}" --data next=/other
  is "$way" /auth/logout "303 /auth/login" --request POST "${origin[@]}"
  is "$way" /auth/login "303 /auth/account/sessions" "${credentials[@]}" "${origin[@]}" \
    --data next=/auth/account/sessions
  is "$way" /auth/logout 403 --request POST --header "Origin: http://other.example"
  echo "ok: the path is $way"
done
is passed /.well-known/change-password "303 /auth/change-password"
is removed /auth/admin 403
