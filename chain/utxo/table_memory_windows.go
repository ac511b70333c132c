//go:build !race

package utxo

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

// mapMemory returns n zero bytes outside the Go heap.
func mapMemory(n int) ([]byte, error) {
	addr, err := windows.VirtualAlloc(0, uintptr(n), windows.MEM_RESERVE|windows.MEM_COMMIT, windows.PAGE_READWRITE)
	if err != nil {
		return nil, err
	}
	// The address is no Go pointer: it is read out of its variable so that
	// the conversion is one of a stored word.
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&addr))), n), nil
}

// unmapMemory gives back what mapMemory returned. Nothing may read it any more.
func unmapMemory(b []byte) error {
	return windows.VirtualFree(uintptr(unsafe.Pointer(unsafe.SliceData(b))), 0, windows.MEM_RELEASE)
}
