#!/usr/bin/env bash
# vm.sh DIR INITRD TEST DISK...: boots the kernel with one emulated NVMe disk for each raw file; prints the console and
# exits with the test's code, or 99 where the machine came to no end. It needs no KVM, no root and no network.
set -euo pipefail
dir=$1 initrd=$2 words=$3
shift 3
disks=() n=0
for file in "$@"; do
  disks+=(-drive "file=$file,if=none,id=d$n,format=raw,cache=unsafe,discard=unmap" -device "nvme,drive=d$n,serial=VM$n")
  n=$((n + 1))
done
timeout "${LIMIT:-240}" qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 512 -nodefaults -no-user-config -display none -serial stdio -no-reboot \
  -kernel "$dir"/kernel/boot/vmlinuz-* -initrd "$initrd" -append "console=ttyS0 quiet panic=-1 mitigations=off disks=$n test=$words" \
  "${disks[@]}" </dev/null | tr -d '\r' | awk -F= '{print; fflush()} /^TEST-EXIT=/{code = $2; ended = 1} END{exit ended ? code : 99}'
