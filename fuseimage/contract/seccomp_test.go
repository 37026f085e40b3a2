package contract

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// deny installs a seccomp filter that answers system calls with EPERM, and clone only when it asks for a user
// namespace, as containerd's default profile does. The process must have no_new_privs.
func deny(calls []int) error {
	const (
		number = 0  // offset of seccomp_data.nr
		arg0   = 16 // and of the low half of its first argument
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	refuse := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x00050000 | uint32(unix.EPERM)} // SECCOMP_RET_ERRNO
	var program []unix.SockFilter
	for _, call := range calls {
		program = append(program, load(number))
		if call == unix.SYS_CLONE {
			program = append(program,
				unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 3},
				load(arg0),
				unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_NEWUSER, Jf: 1})
		} else {
			program = append(program, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1})
		}
		program = append(program, refuse)
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: 0x7fff0000}) // SECCOMP_RET_ALLOW
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	_, _, errno := unix.Syscall(unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return os.NewSyscallError("prctl(PR_SET_SECCOMP)", errno)
	}
	return nil
}
