package signing

import (
	"grapevine/chain/script"
	"grapevine/chain/sigverify"
)

// carried is what an incomplete input has already: scripts whose hash the output
// names, and valid signatures of a multisig.
type carried struct {
	redeem, witness []byte
	signatures      map[[20]byte][]byte // by the hash of the public key
}

// readCarried takes the input apart. Whoever signed before may have left
// anything; only what fits the output and verifies is used.
func (in *input) readCarried() carried {
	var c carried
	txin := &in.tx.In[in.index]
	code, at := in.out.PkScript, inLegacy
	stack := pushes(txin.ScriptSig)
	kind, parts := script.Classify(code)
	if last, ok := lastItem(stack); ok && kind == script.ScriptHash {
		c.redeem, code = last, last
		stack = stack[:len(stack)-1]
		kind, parts = script.Classify(code)
	}
	if last, ok := lastItem(txin.Witness); ok && kind == script.WitnessV0ScriptHash {
		c.witness, code = last, last
		stack, at = txin.Witness[:len(txin.Witness)-1], inWitnessV0
		kind, parts = script.Classify(code)
	}
	if kind == script.MultiSig {
		c.signatures = in.match(stack, parts[1:len(parts)-1], code, at)
	}
	return c
}

func lastItem(stack [][]byte) ([]byte, bool) {
	if len(stack) == 0 || len(stack[len(stack)-1]) == 0 {
		return nil, false
	}
	return stack[len(stack)-1], true
}

// match finds the key of each signature. Signatures stand in the order of the
// keys.
func (in *input) match(sigs, keys [][]byte, code []byte, at where) map[[20]byte][]byte {
	found := map[[20]byte][]byte{}
	next := 0
	for _, sig := range sigs {
		if len(sig) == 0 {
			continue
		}
		hash := in.sigHash(code, at, script.HashType(sig[len(sig)-1]))
		for i := next; i < len(keys); i++ {
			if (sigverify.Direct{}).ECDSA(keys[i], sig[:len(sig)-1], &hash) {
				found[script.Hash160(keys[i])] = sig
				next = i + 1
				break
			}
		}
	}
	return found
}

// pushes returns what a script pushes, as far as it does nothing else.
func pushes(s []byte) [][]byte {
	var items [][]byte
	for t := script.NewTokenizer(s); t.Next(); {
		switch op := t.Op(); {
		case op <= script.OpPushData4:
			items = append(items, t.Data())
		case op == script.Op1Negate:
			items = append(items, []byte{0x81})
		case op >= script.Op1 && op <= script.Op16:
			items = append(items, []byte{byte(op-script.Op1) + 1})
		default:
			return items
		}
	}
	return items
}
