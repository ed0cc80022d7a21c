#!/usr/bin/env bash
# Runs a script as root on a throw-away copy of this machine: changes of /etc, /usr/local, /var and
# the like are in memory, the network is one of its own without others in it, and every process ends
# with it. Called by `cargo xtask running`, which writes the script.
#
#   machine.sh SCRIPT PROGRAM      PROGRAM is the binary of vestibule
set -euo pipefail

if [ "${1:-}" != --inside ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  exec "${as_root[@]}" unshare --mount --net --pid --fork --mount-proc --kill-child "$0" --inside "$@"
fi
script=$(realpath "$2") program=$(realpath "$3") here=$(dirname "$(realpath "$0")")
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

mount --make-rprivate /
layers=/mnt
mount --types tmpfs tmpfs "$layers"
cp "$script" "$layers/script"
cp "$program" "$layers/vestibule"
cp "$here/systemctl" "$layers/systemctl"
for folder in etc usr/local home root srv run var; do
  mkdir --parents "$layers/upper/$folder" "$layers/scratch/$folder"
  mount --types overlay overlay \
    --options "lowerdir=/$folder,upperdir=$layers/upper/$folder,workdir=$layers/scratch/$folder" "/$folder"
done
mkdir "$layers/tmp"
chmod 1777 "$layers/tmp"
mount --bind "$layers/tmp" /tmp
ip link set lo up
# Visitors have another address than the programs of this machine.
ip address add 192.0.2.10/32 dev lo
printf '127.0.0.1 localhost\n192.0.2.10 example.com\n' >/etc/hosts

install "$layers/systemctl" /usr/local/sbin/systemctl
cat >/usr/local/bin/sudo <<'SUDO'
#!/bin/sh
if [ "$1" = -u ]; then user=$2; shift 2; exec runuser -u "$user" -- "$@"; fi
exec "$@"
SUDO
cat >/usr/local/bin/journalctl <<'JOURNALCTL'
#!/bin/sh
# Only the unit of vestibule is asked for.
cat /var/log/vestibule.log
JOURNALCTL
chmod 755 /usr/local/bin/sudo /usr/local/bin/journalctl

# The folder of the project, with a build in it.
mkdir --parents /srv/project/target/dist
install "$layers/vestibule" /srv/project/target/dist/vestibule
cd /srv/project
exec bash "$layers/script"
