package wire

// What the tests see of the inside. They stand outside the package, since the
// finder of test data imports it.

// Sealed reports whether identifiers and sizes are cached.
func (tx *Tx) Sealed() bool { return tx.sealed }

// ScanBlock is the first pass over a block alone.
func ScanBlock(buf []byte) error {
	s := scanner{buf: buf, pos: HeaderSize}
	n, err := s.list("transaction count")
	for range n {
		if err == nil {
			err = s.tx(true)
		}
	}
	return err
}
