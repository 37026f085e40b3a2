#!/usr/bin/env bash
# get.sh DIR: QEMU and tools from Debian, and the cloud kernel (27 MB; NVMe built in; md, raid0 and xfs as modules)
# unpacked in DIR, not installed. Nothing is fetched again.
set -euo pipefail
dir=$(mkdir -p "$1" && realpath "$1")
missing() { for c in "$@"; do command -v "$c" >/dev/null || return 0; done; return 1; }
if missing qemu-system-x86_64 busybox mdadm mkfs.xfs mke2fs cpio modprobe; then
  [ "$(id -u)" = 0 ] || { echo "get.sh: needs the Debian packages qemu-system-x86 busybox-static mdadm xfsprogs e2fsprogs cpio kmod" >&2; exit 2; }
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-system-x86 busybox-static mdadm xfsprogs e2fsprogs cpio kmod >/dev/null
fi
exec 9>"$dir/lock"
flock 9
[ -f "$dir/kernel/done" ] && exit
cd "$dir"
package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/{print $2; exit}')
[ -n "$package" ] || { apt-get update -qq; package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/{print $2; exit}'); }
apt-get download -qq "$package"
rm -rf kernel
dpkg -x "$package"_*.deb kernel
rm "$package"_*.deb
depmod -b "$dir/kernel" "$(ls kernel/lib/modules)"
touch kernel/done
