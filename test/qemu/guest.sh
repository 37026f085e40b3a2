#!/bin/sh
# guest.sh TEST: what runs in the virtual machine. The exit code is nvme-prep's where the test is about that.
prep() { nvme-prep --once "--model=QEMU NVMe Ctrl" --polls=2 --poll=100ms "$@"; }
fail() { echo "FAILED: $*"; exit 90; }
uuid() { mdadm --detail --brief /dev/md* 2>/dev/null | grep -o 'UUID=[^ ]*' | sort -u; }
case $1 in
  first)
    nvme-prep --dry-run "--model=QEMU NVMe Ctrl" | tee /tmp/plan || fail "dry run"
    grep -q '"phase": "preparing"' /tmp/plan || fail "the plan has nothing to do"
    [ -z "$(ls /sys/block | grep md)" ] || fail "the dry run made an array"
    # In a mount namespace of its own, as in a container: the mount must come to the machine's.
    unshare -m nvme-prep --once "--model=QEMU NVMe Ctrl" --polls=2 --poll=100ms || fail "prepare: $?"
    grep ' /mnt/fusion ' /proc/1/mounts || fail "not mounted for the first process"
    grep ' /mnt/fusion xfs .*prjquota' /proc/1/mounts || fail "no project quotas"
    cat /proc/mdstat
    grep -q 'active raid0 nvme' /proc/mdstat || fail "no RAID 0"
    prep 2>&1 | tee /tmp/again | grep -q '"steps":0' || fail "the second run did something: $(cat /tmp/again)"
    [ "$(grep -c ' /mnt/fusion ' /proc/1/mounts)" = 1 ] || fail "mounted more than once"
    mkdir /tmp/work
    CSI_TEST_QUOTA=/mnt/fusion/scratch TMPDIR=/tmp/work /csi.test -test.run '^TestProjectQuota$' -test.v || fail "quotas: $?"
    echo kept >/mnt/fusion/scratch/kept
    uuid
    ;;
  reboot)
    prep || fail "prepare: $?"
    [ "$(cat /mnt/fusion/scratch/kept)" = kept ] || fail "the file did not survive"
    uuid
    ;;
  renamed) # assembled by somebody else, under another name, before we come
    mdadm --assemble /dev/md99 /dev/nvme0n1 /dev/nvme1n1 || fail "assemble"
    prep || fail "prepare: $?"
    grep ' /mnt/fusion ' /proc/mounts | grep md99 || fail "not the array that was there"
    [ "$(cat /mnt/fusion/scratch/kept)" = kept ] || fail "the file is gone"
    ;;
  killed) # SIGKILL of the preparer and its tool, some way into the work
    setsid nvme-prep --once "--model=QEMU NVMe Ctrl" --polls=1 &
    usleep "$2"
    kill -9 -- -$! 2>/dev/null
    killall -9 mdadm mkfs.xfs nvme-prep 2>/dev/null
    sleep 1
    prep --recreate-owned || fail "prepare after a kill at $2 microseconds: $?"
    prep 2>&1 | grep -q '"steps":0' || fail "not idle after that"
    ;;
  plain) prep; exit $? ;;
esac
sync
umount /mnt/fusion 2>/dev/null
for md in /dev/md[0-9]*; do [ -b "$md" ] && mdadm --stop "$md"; done
exit 0
