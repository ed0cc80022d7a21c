#!/usr/bin/env bash
# Lets tools that look for holes loose on the program, on this machine alone, with a database of its
# own. Each tool first looks at a site with planted holes and must find one there; then what it finds
# in the program must be in outside/explained.tsv. Installs the tools by pip, npm and apt where they
# are missing. Needs python3, node, nginx, openssl and curl, and the program:
#   cargo build --package vestibule-server --all-features
#   docs/security/outside.sh [TOOL …]     all of them without an argument
set -euo pipefail

here=$(realpath "$(dirname "$0")")
program=$(realpath "${VESTIBULE:-target/debug/vestibule}")
tools_folder=$(realpath -m "${TOOLS:-target/outside}")
all=(csp_evaluator observatory h2load slowhttptest schemathesis wapiti sqlmap)
folder=$(mktemp -d)
started=()
stop() {
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  [ ! -e "$folder/nginx.pid" ] || kill "$(cat "$folder/nginx.pid")" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

# --- The tools ---------------------------------------------------------------------------------

from_pip() {
  local to=$tools_folder/$1
  [ -x "$to/bin/$3" ] || { python3 -m venv "$to" && "$to/bin/pip" install --quiet "$2"; }
}

from_npm() {
  mkdir -p "$tools_folder/node"
  [ -d "$tools_folder/node/node_modules/$1" ] || {
    # No scripts: one of the observatory's dependencies downloads certificates that it can do without.
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$tools_folder/node" "$1@$2"
  }
  cp "$here/outside/"*.cjs "$here/outside/"*.mjs "$tools_folder/node/"
}

from_apt() {
  local as_root=(sudo)
  [ "$(id -u)" != 0 ] || as_root=()
  command -v "$1" >/dev/null ||
    "${as_root[@]}" apt-get install --yes --no-install-recommends "$2" >/dev/null
}

install_csp_evaluator() { from_npm csp_evaluator 1.1.8; }
# The list of hosts that browsers reach by https alone, which it would download, does not concern
# this machine.
install_observatory() {
  from_npm @mdn/mdn-http-observatory 1.4.8
  echo '{}' >"$tools_folder/node/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json"
}
install_h2load() { from_apt h2load nghttp2-client; }
install_slowhttptest() { from_apt slowhttptest slowhttptest; }
install_schemathesis() { from_pip schemathesis schemathesis==4.32.5 st; }
install_wapiti() { from_pip wapiti wapiti3==3.2.3 wapiti; }
install_sqlmap() { from_pip sqlmap sqlmap==1.10.10 sqlmap; }

# Each prints what it finds, one finding a line. $1 is the site, `planted` or `program`; $url and
# $cookies say where it is, $https where nginx offers it with TLS.

csp_evaluator() {
  local policy
  policy=$(curl --silent --output /dev/null --dump-header - "$url/login" |
    tr -d '\r' | sed -n 's/^content-security-policy: //Ip')
  [ -n "$policy" ] || { echo 'no policy'; return; }
  node "$tools_folder/node/csp.cjs" "$policy"
}

observatory() {
  NODE_EXTRA_CA_CERTS="$folder/certificate.pem" \
    node "$tools_folder/node/observatory.mjs" "localhost:$https" 2>"$folder/$1-grade"
  cat "$folder/$1-grade" >&2
}

# Requests that fail under a load of 100 clients over HTTP/1.1; and HTTP/2, which the program does
# not speak, so that none of its floods concerns it.
h2load() {
  command h2load --h1 --requests 10000 --clients 100 "$url/healthz" >"$folder/$1-h2load" 2>&1
  grep -E '^(finished|requests|status codes):?' "$folder/$1-h2load" >&2
  awk '/^requests:/ && ($10 + $12 + $14 > 0) { print "failed or timed out under load" }
       /^status codes:/ && ($5 + $7 + $9 > 0) { print "wrong status under load" }' "$folder/$1-h2load"
  command h2load --requests 1 --clients 1 "$url/healthz" >"$folder/$1-h2c" 2>&1 || true
  if grep -q '^requests:.* 1 succeeded' "$folder/$1-h2c"; then echo 'speaks HTTP/2'; fi
}

# Slow headers, slow bodies, slow reading: in any second, is a new visitor answered?
slowhttptest() {
  local mode
  for mode in '-H -c 400' '-B -c 200' '-X -c 200'; do
    # shellcheck disable=SC2086
    command slowhttptest $mode -i 5 -r 100 -l 20 -p 3 -u "$url/login" -g -o "$folder/$1-slow" \
      >"$folder/$1-slow.log" 2>&1 || true
    awk -F, -v mode="$mode" 'NR > 1 && $5 + 0 == 0 { seconds++ }
      END { if (NR < 5) print mode ": no test"; if (seconds) print mode ": visitors not answered" }' \
      "$folder/$1-slow.csv"
  done
}

schemathesis() {
  local run=("$tools_folder/schemathesis/bin/st" run "$here/openapi.yaml" --url "$url" --seed 1
    --header 'Accept: application/json' --max-examples 40 --phases examples,coverage,fuzzing
    --continue-on-failure --suppress-health-check all --no-color --checks
    not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance)
  # As a stranger; and as an admin, who keeps the login.
  "${run[@]}" --include-path /login --include-path /register >"$folder/$1-st" 2>&1 || true
  if [ "$1" = program ]; then
    "${run[@]}" --header "Cookie: $cookies" --exclude-path /logout \
      --exclude-path /account/sessions/end-others >>"$folder/$1-st" 2>&1 || true
  fi
  grep -E '^  Tested: | generated' "$folder/$1-st" >&2 || echo 'no test'
  awk '/^_+ [A-Z]+ \/[^ ]* _+$/ { operation = $2 " " $3 }
       /^- ST[0-9]+ / { sub(/^- /, ""); print $0 " at " operation }' "$folder/$1-st" | sort -u
}

wapiti() {
  "$tools_folder/wapiti/bin/wapiti" --url "$url/" --scope folder --flush-session --no-bugreport \
    --store-session "$folder/wapiti" --max-scan-time 240 --max-attack-time 60 --tasks 4 \
    --module backup,cookieflags,crlf,csp,exec,file,http_headers,methods,permanentxss,redirect,sql,timesql,xss \
    --exclude "$url/logout" --header "Cookie: $cookies" \
    --format json --output "$folder/$1-wapiti.json" >"$folder/$1-wapiti.log" 2>&1
  python3 - "$folder/$1-wapiti.json" <<'PYTHON'
import json, re, sys
report = json.load(open(sys.argv[1]))
print(report["infos"]["crawled_pages_nbr"], "pages", file=sys.stderr)
found = set()
for kind in ("vulnerabilities", "anomalies"):
    for name, findings in report[kind].items():
        for finding in findings:
            text = re.sub(r"-\d+\s*$", "-PORT", finding["info"].splitlines()[0])
            found.add(f"{name}: {text}")
for finding in sorted(found):
    print(finding)
PYTHON
}

sqlmap() {
  local run=("$tools_folder/sqlmap/bin/sqlmap" --batch --flush-session --level 1 --risk 2 --time-sec 2 --threads 4
    --output-dir "$folder/sqlmap" --ignore-code 401,404,422 --cookie "$cookies" --disable-coloring)
  local target targets=("$url/item?id=1")
  if [ "$1" = program ]; then
    targets=("$url/login --data username=bob&password=wrong&next=/" "$url/admin?q=al&after=a"
      "$url/admin/log?after=1")
  fi
  : >"$folder/$1-sqlmap"
  for target in "${targets[@]}"; do
    # shellcheck disable=SC2086
    timeout 400 "${run[@]}" --url $target >"$folder/said" 2>&1 || true
    grep -qE 'do not appear to be injectable|sqlmap identified' "$folder/said" || echo 'no test'
    cat "$folder/said" >>"$folder/$1-sqlmap"
  done
  sed -n 's/^ *Type: /injection: /p' "$folder/$1-sqlmap" | sort -u
}

# --- The sites ---------------------------------------------------------------------------------

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

answers() {
  local try
  for try in $(seq 200); do
    curl --silent --insecure --output /dev/null "$1" && return
    sleep 0.05
  done
  echo "$1 does not answer after $try tries" >&2
  exit 1
}

# TLS for both, on a port each; a visitor who comes by http is sent to https.
start_nginx() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$folder/key.pem" -out "$folder/certificate.pem" 2>/dev/null
  {
    echo "pid $folder/nginx.pid; error_log $folder/nginx.log; events {} http { access_log off;"
    echo "ssl_certificate $folder/certificate.pem; ssl_certificate_key $folder/key.pem;"
    local site
    for site in "$planted_https $planted_port" "$program_https $https_port"; do
      echo "server { listen 127.0.0.1:${site% *} ssl; error_page 497 =301 https://\$http_host\$request_uri;
        location / { proxy_pass http://127.0.0.1:${site#* }; proxy_set_header Host \$http_host; } }"
    done
    echo '}'
  } >"$folder/nginx.conf"
  nginx -e "$folder/nginx.log" -c "$folder/nginx.conf"
}

# Starts the program on this port, with this public URL.
serve() {
  "$program" --listen "127.0.0.1:$1" --public-url "$2" --throttle off --log warn \
    --argon2-memory-kib 8192 --argon2-passes 1 >>"$folder/log" 2>&1 &
  started+=($!)
  answers "http://127.0.0.1:$1/healthz"
}

start_sites() {
  cd "$folder"
  mkdir instance
  planted_port=$(free_port) planted_https=$(free_port)
  program_port=$(free_port) https_port=$(free_port) program_https=$(free_port)
  python3 "$here/outside/planted.py" "$planted_port" &
  started+=($!)
  serve "$program_port" "http://127.0.0.1:$program_port"
  serve "$https_port" "https://localhost:$program_https"
  answers "http://127.0.0.1:$planted_port/healthz"
  start_nginx
}

# The cookie of an admin of this name, a new one for each tool: some end the sessions they use.
log_in() {
  local password='correct horse battery staple'
  {
    echo "$password" | "$program" user add "$1" --log warn
    "$program" user grant "$1" admin --log warn
    curl --silent --fail --cookie-jar jar --data-urlencode "username=$1" \
      --data-urlencode "password=$password" "http://127.0.0.1:$program_port/login"
  } >/dev/null
  awk '$6 ~ /^session-/ { print $6 "=" $7 }' jar
}

# --- The judgement -----------------------------------------------------------------------------

judge() {
  local tool=$1 unexplained
  "install_$tool"
  url=http://127.0.0.1:$planted_port https=$planted_https cookies=a=b
  "$tool" planted >"$folder/$tool-planted"
  grep -v 'no test' "$folder/$tool-planted" | sed "s/^/$tool finds in the planted site: /"
  grep -qv 'no test' "$folder/$tool-planted" ||
    { echo "$tool found no planted hole" >&2; keep; return 1; }
  url=http://127.0.0.1:$program_port https=$program_https
  cookies=$(log_in "$tool")
  [ -n "$cookies" ] || { echo 'no log-in' >&2; return 1; }
  "$tool" program >"$folder/$tool-program"
  unexplained=$(grep -vxF -f <(awk -F'\t' -v tool="$tool" '$1 == tool { print $2 }' \
    "$here/outside/explained.tsv") "$folder/$tool-program" || true)
  if [ -n "$unexplained" ]; then
    sed "s/^/$tool finds in the program: /" <<<"$unexplained" >&2
    keep
    return 1
  fi
  echo "$tool finds nothing in the program that is not explained"
}

# What the tools said, for whoever wants to know more.
keep() {
  mkdir -p "$tools_folder/said"
  find "$folder" -maxdepth 1 -type f ! -name '*.pem' -exec cp {} "$tools_folder/said/" \;
  echo "all they said is in $tools_folder/said" >&2
}

chosen=("$@")
[ $# -gt 0 ] || chosen=("${all[@]}")
start_sites
failed=0
for tool in "${chosen[@]}"; do
  judge "$tool" || failed=1
done
exit "$failed"
