package mining

import (
	"context"
	"encoding/binary"

	"grapevine/chain/params"
	"grapevine/internal/u256"
	"grapevine/wire"
)

// checkEvery is how many hashes pass between two looks at the context: about
// ten milliseconds.
const checkEvery = 1 << 15

// grind searches the nonces of h for one that meets its bits and leaves it in h.
// It takes one from tries for each that fails, and gives up at none, at the end
// of the nonces, or with ctx.
func grind(ctx context.Context, h *wire.Header, tries *uint64, p *params.Params) (found bool, err error) {
	target, ok := p.Target(h.Bits)
	if !ok {
		return false, nil
	}
	buf := h.AppendTo(make([]byte, 0, wire.HeaderSize))
	for nonce := uint64(h.Nonce); nonce <= maxNonce && *tries > 0; nonce++ {
		if nonce%checkEvery == 0 && ctx.Err() != nil {
			return false, ctx.Err()
		}
		binary.LittleEndian.PutUint32(buf[wire.HeaderSize-4:], uint32(nonce))
		if u256.FromLE(wire.DoubleSHA256(buf)).Cmp(target) <= 0 {
			h.Nonce = uint32(nonce)
			return true, nil
		}
		*tries--
	}
	return false, nil
}

const maxNonce = 1<<32 - 1
