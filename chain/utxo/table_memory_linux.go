//go:build !race

package utxo

import "golang.org/x/sys/unix"

// adviseHuge asks for huge pages. Where the kernel has none the memory works
// all the same, so the answer does not matter.
func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }
