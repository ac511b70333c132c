//go:build unix && !race

package utxo

import "golang.org/x/sys/unix"

// hugePage is what the kernel backs a large mapping with when asked to: a
// random access then costs one cache miss and not also one or two in the page
// tables (269 ns in place of 400 ns where it was measured).
const hugePage = 2 << 20

// mapMemory returns n zero bytes outside the Go heap.
func mapMemory(n int) ([]byte, error) {
	const prot, flags = unix.PROT_READ | unix.PROT_WRITE, unix.MAP_ANON | unix.MAP_PRIVATE
	b, err := unix.Mmap(-1, 0, n, prot, flags)
	if err != nil {
		return nil, err
	}
	if n >= hugePage {
		adviseHuge(b)
	}
	return b, nil
}

// unmapMemory gives back what mapMemory returned. Nothing may read it any more.
func unmapMemory(b []byte) error { return unix.Munmap(b) }
