#!/usr/bin/env bash
# initrd.sh DIR OUT [DEST=FILE ...]: an initramfs of busybox, mdadm, mkfs.xfs, the modules for RAID 0 and XFS, and the
# files. Its init runs /test with the words of the kernel's command line after "test=", tells its exit code in a line
# TEST-EXIT=n, and powers off.
set -euo pipefail
dir=$1 out=$(realpath -m "$2")
shift 2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
version=$(ls "$dir/kernel/lib/modules")
mkdir -p "$root"/{bin,sbin,usr/bin,dev,proc,sys,tmp,run,mnt,etc,modules}
cp "$(command -v busybox)" "$root/bin/busybox"
for applet in $("$root/bin/busybox" --list); do [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"; done
put() { # a program and its libraries
  install -D "$1" "$root/$2"
  { ldd "$1" 2>/dev/null || true; } | { grep -o '/[^ ]*' || true; } | while read -r lib; do [ -e "$root/$lib" ] || install -D "$lib" "$root/$lib"; done
}
for tool in mdadm mkfs.xfs mke2fs; do put "$(PATH=/usr/sbin:/sbin:$PATH command -v $tool)" "/sbin/$tool"; done
for pair in "$@"; do put "${pair#*=}" "${pair%%=*}"; done
for module in raid0 xfs; do modprobe -S "$version" -d "$(realpath "$dir/kernel")" --show-depends "$module" | awk '/^insmod/{print $2}'; done |
  awk '!seen[$0]++' | while read -r file; do cp "$file" "$root/modules/" && basename "$file" >>"$root/modules/order"; done
cat >"$root/init" <<'I'
#!/bin/sh
export PATH=/bin:/sbin:/usr/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /run; mount -t tmpfs tmp /tmp
while read -r m; do insmod "/modules/$m" || echo "insmod $m failed"; done </modules/order
want=$(sed -n 's/.*disks=\([0-9]*\).*/\1/p' /proc/cmdline) i=0
while [ $i -lt 100 ] && [ "$(ls /dev/nvme*n1 2>/dev/null | wc -l)" -lt "$want" ]; do sleep 0.1; i=$((i + 1)); done
/test $(sed -n 's/.*test=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
echo "TEST-EXIT=$?"
sync
poweroff -f
I
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out"
