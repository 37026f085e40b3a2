package fs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestKernelReadsFurther: streams are read in larger pieces than the kernel asks for by default.
func TestKernelReadsFurther(t *testing.T) {
	m := newMount(t, engines()[0])
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, m.Dir, unix.AT_STATX_DONT_SYNC, 0, &st); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(fmt.Sprintf("/sys/class/bdi/%d:%d/read_ahead_kb", st.Dev_major, st.Dev_minor))
	if err != nil {
		t.Fatal(err)
	}
	if s := strings.TrimSpace(string(got)); s != fmt.Sprint(readAhead) {
		t.Errorf("the kernel reads %s KiB ahead, want %d", s, readAhead)
	}
}
