package wire

// What the parts of a decoded transaction take on a machine of 64 bits. A test
// compares them with the types.
const (
	txBytes   = 144
	inBytes   = 96
	outBytes  = 32
	itemBytes = 24
	endBytes  = 4
)

// Footprint returns how many bytes of memory the message that [DecodeMessage]
// makes of a payload takes, the payload included, since what is decoded holds it.
// It takes no memory itself, so that a caller may wait for room first. For tx,
// block and blocktxn it is exact to the allocator's rounding and costs one pass
// over the structure, and of what will not decode only the payload counts; for
// all others it is an upper bound.
func Footprint(command string, payload []byte) int {
	s := scanner{buf: payload}
	txs := 0
	switch command {
	case "tx":
		if s.tx(true) == nil {
			txs = 1
		}
	case "block":
		s.pos = min(HeaderSize, len(payload))
		txs = s.txs()
	case "blocktxn":
		s.pos = min(len(BlockHash{}), len(payload))
		txs = s.txs()
	case "cmpctblock":
		// Short identifiers become 8 bytes of 6; what is prefilled can hardly be
		// more than the worst ratio of a transaction's.
		return (itemBytes + 1) * len(payload)
	case "addrv2":
		// 56 bytes for as little as 9, of an empty address in an unknown network.
		return 8 * len(payload)
	default:
		return 4 * len(payload) // addr comes nearest
	}
	if txs == 0 {
		return len(payload)
	}
	return len(payload) + txs*(txBytes+endBytes) + s.count.ins*inBytes + s.count.outs*outBytes + s.count.items*itemBytes
}

// txs walks over a list of transactions and returns their number, 0 when it is
// malformed.
func (s *scanner) txs() int {
	n, err := s.list("transaction count")
	if err != nil {
		return 0
	}
	for range n {
		if s.tx(true) != nil {
			return 0
		}
	}
	return n
}
