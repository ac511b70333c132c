//go:build unix

package node

import "syscall"

// grantedDescriptors returns how many files and connections the process may have open. The runtime has raised it as far as it may. Where the
// system does not tell there is no limit.
func grantedDescriptors() (granted uint64, limited bool) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, false
	}
	return uint64(l.Cur), true
}
