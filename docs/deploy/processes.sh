# For the scripts beside it, which source it: a folder of their own, free ports, and processes that
# end with the script.
# shellcheck shell=bash

# Where Debian keeps nginx, which the PATH of ordinary users lacks.
PATH=$PATH:/usr/sbin:/sbin
folder=$(mktemp -d)
chmod 755 "$folder"
# The processes to end, by name.
declare -A pid

free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 10000))
    # Nobody listens there, and nobody got it before.
    if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && mkdir "$folder/port-$port" 2>/dev/null; then
      break
    fi
  done
  echo "$port"
}

# What a script has to stop besides these processes.
stop_more() { :; }

stop() {
  for name in "${!pid[@]}"; do
    kill "${pid[$name]}" 2>/dev/null || true
  done
  stop_more
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
