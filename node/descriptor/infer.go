package descriptor

import (
	"bytes"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// Infer returns the descriptor of an output script, with checksum: the most
// telling one that the script alone supports, down to addr and raw. Scripts
// that are known by other ways may be passed, so that their hash in sh or wsh
// can be seen through.
func Infer(pkScript []byte, p *params.Params, known ...[]byte) string {
	n := inferInner(pkScript, atTop, known)
	if n == nil {
		if a, ok := script.ExtractAddress(pkScript); ok {
			n = &node{name: "addr", address: a}
		} else {
			n = &node{name: "raw", raw: pkScript}
		}
	}
	return withChecksum(n.format(p))
}

// inferInner returns nil where nothing but addr or raw would do.
func inferInner(s []byte, ctx context, known [][]byte) *node {
	typ, sol := script.Classify(s)
	switch typ {
	case script.PubKey:
		if k := inferKey(sol[0], ctx); k != nil {
			return &node{name: "pk", keys: []*key{k}}
		}
	case script.MultiSig:
		n := &node{name: "multi", threshold: int(sol[0][0])}
		for _, pub := range sol[1 : len(sol)-1] {
			k := inferKey(pub, ctx)
			if k == nil {
				return nil
			}
			n.keys = append(n.keys, k)
		}
		return n
	case script.ScriptHash:
		if ctx == atTop {
			return inferWrapped("sh", sol[0], inSH, known)
		}
	case script.WitnessV0ScriptHash:
		if ctx == atTop || ctx == inSH {
			return inferWrapped("wsh", sol[0], inWSH, known)
		}
	case script.WitnessV1Taproot:
		if ctx == atTop && sigverify.ValidXOnly(sol[0]) {
			return &node{name: "rawtr", keys: []*key{{pub: append([]byte{2}, sol[0]...), xonly: true}}}
		}
	}
	return nil
}

// inferWrapped looks for the script behind a hash.
func inferWrapped(name string, hash []byte, inner context, known [][]byte) *node {
	for _, s := range known {
		h := script.Hash160(s)
		full := sha256Of(s)
		if !bytes.Equal(hash, h[:]) && !bytes.Equal(hash, full[:]) {
			continue
		}
		if sub := inferInner(s, inner, known); sub != nil {
			return &node{name: name, subs: []*node{sub}}
		}
	}
	return nil
}

// inferKey takes keys by their form alone; whether they are points of the
// curve does not matter to what the script says.
func inferKey(pub []byte, ctx context) *key {
	if pub[0] > 4 || len(pub) != 33 && !ctx.permitsUncompressed() {
		return nil
	}
	return &key{pub: pub}
}
