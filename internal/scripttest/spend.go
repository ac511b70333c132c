package scripttest

import (
	"crypto/sha256"
	"encoding/binary"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// Spend is one case.
type Spend struct {
	Tx    *wire.Tx
	Spent []wire.TxOut
	In    int
	Flags script.Flags

	Kind   Kind
	Script []byte // the script with the interesting part; nil for the key path
}

// Kind says what sort of output is spent.
type Kind int

// The kinds, in the order of their numbers in the fuzz input.
const (
	Bare Kind = iota
	P2SH
	P2WSH
	P2SHP2WSH
	Tapscript
	KeyPath
	P2PKH
	P2WPKH
	P2SHP2WPKH
	OtherProgram
	kinds
)

func (k Kind) String() string {
	return [...]string{"bare", "p2sh", "p2wsh", "p2sh-p2wsh", "tapscript", "keypath", "p2pkh", "p2wpkh", "p2sh-p2wpkh", "other program"}[k]
}

// Generate reads choices from data; when it runs out, all further choices are
// the first.
func Generate(data []byte) *Spend {
	g := &generator{data: data}
	s := &Spend{Kind: Kind(g.pick(int(kinds)))}
	s.Flags = g.flags()
	s.Tx, s.Spent = g.transaction()
	s.In = g.pick(len(s.Tx.In))
	g.spend = s
	g.build()
	return s
}

// flags draws rules that mean something together. The usual two sets come up
// more often than by chance.
func (g *generator) flags() script.Flags {
	var f script.Flags
	switch g.pick(4) {
	case 0:
		return script.MandatoryFlags
	case 1:
		return script.StandardFlags
	case 2:
		f = script.MandatoryFlags
	}
	f ^= script.Flags(g.byte()) | script.Flags(g.byte())<<8 | script.Flags(g.byte())<<16
	f &= script.AllFlags
	if f&script.VerifyTaproot != 0 || f&script.VerifyCleanStack != 0 {
		f |= script.VerifyWitness
	}
	if f&script.VerifyWitness != 0 {
		f |= script.VerifyP2SH
	}
	return f
}

func (g *generator) transaction() (*wire.Tx, []wire.TxOut) {
	tx := &wire.Tx{Version: []uint32{2, 1, 0xffffffff}[g.pick(3)]}
	tx.LockTime = []uint32{0, 100, 499_999_999, 500_000_000, 0xffffffff}[g.pick(5)]
	var spent []wire.TxOut
	for i := range 1 + g.pick(3) {
		in := wire.TxIn{Sequence: []uint32{0xffffffff, 0xfffffffe, 0, 5, 1<<22 | 5, 1<<31 | 5}[g.pick(6)]}
		in.PrevOut.Txid[0], in.PrevOut.Index = byte(i+1), uint32(g.pick(3))
		tx.In = append(tx.In, in)
		spent = append(spent, wire.TxOut{Value: wire.Amount(1000 * (i + 1)), PkScript: []byte{0x51}})
	}
	for i := range 1 + g.pick(3) {
		tx.Out = append(tx.Out, wire.TxOut{Value: wire.Amount(100 * i), PkScript: g.bytes(g.pick(30))})
	}
	return tx, spent
}

// build fills in the output being spent, the input script and the witness.
func (g *generator) build() {
	s, in := g.spend, &g.spend.Tx.In[g.spend.In]
	out := &s.Spent[s.In].PkScript
	switch s.Kind {
	case Bare:
		s.Script = g.script()
		in.ScriptSig = g.pushAll(g.arguments())
		*out = s.Script
	case P2SH:
		s.Script = g.script()
		in.ScriptSig = g.pushAll(g.arguments())
		in.ScriptSig = append(in.ScriptSig, g.pushed(s.Script)...)
		*out = p2sh(s.Script)
	case P2WSH, P2SHP2WSH:
		s.Script = g.script()
		h := sha256.Sum256(s.Script)
		program := append([]byte{0, 32}, h[:]...)
		*out = program
		in.Witness = append(g.arguments(), s.Script)
		if s.Kind == P2SHP2WSH {
			*out, in.ScriptSig = p2sh(program), g.pushed(program)
		}
	case Tapscript:
		g.tapscript(in, out)
	case KeyPath:
		k := g.key()
		*out = append([]byte{0x51, 32}, k.outputKey(nil)...)
		g.annex(in)
		in.Witness = append([][]byte{g.keyPathSig(k, in.Witness)}, in.Witness...)
	case P2PKH, P2WPKH, P2SHP2WPKH:
		g.keyHash(in, out)
	case OtherProgram:
		program := g.bytes([]int{2, 20, 32, 33, 40, 1, 41}[g.pick(7)])
		version := []byte{0x51, 0, 0x52, 0x60}[g.pick(4)]
		*out = append([]byte{version, byte(len(program))}, program...)
		if g.pick(4) == 0 {
			*out = []byte{0x51, 2, 0x4e, 0x73}
		}
		if g.pick(3) == 0 {
			*out, in.ScriptSig = p2sh(*out), g.pushed(*out)
		}
		for range g.pick(3) {
			in.Witness = append(in.Witness, g.bytes(g.pick(4)))
		}
	}
	g.breakSpend(in)
}

// breakSpend now and then adds what does not belong there.
func (g *generator) breakSpend(in *wire.TxIn) {
	switch g.pick(24) {
	case 1:
		in.ScriptSig = append(in.ScriptSig, 0x51)
	case 2:
		in.Witness = append(in.Witness, g.bytes(g.pick(3)))
	case 3:
		in.ScriptSig = append([]byte{0x61}, in.ScriptSig...)
	case 4:
		in.Witness = nil
	case 5:
		in.ScriptSig = append([]byte{0x51}, in.ScriptSig...)
	}
}

func (g *generator) keyHash(in *wire.TxIn, out *[]byte) {
	k := g.key()
	pub := k.encoded(g)
	code := append(append([]byte{0x76, 0xa9, 20}, hash160(pub)...), 0x88, 0xac)
	g.spend.Script = code
	if g.spend.Kind == P2PKH {
		*out = code
		in.ScriptSig = append(g.pushed(g.sign(k, code)), g.pushed(pub)...)
		return
	}
	program := append([]byte{0, 20}, hash160(pub)...)
	*out = program
	in.Witness = [][]byte{g.sign(k, code), pub}
	if g.spend.Kind == P2SHP2WPKH {
		*out, in.ScriptSig = p2sh(program), g.pushed(program)
	}
}

// tapscript builds a leaf somewhere in a tree of up to three levels.
func (g *generator) tapscript(in *wire.TxIn, out *[]byte) {
	s := g.spend
	internal := g.key()
	version := script.LeafTapscript
	if g.pick(8) == 1 {
		version = []byte{0xc2, 0x50}[g.pick(2)]
	}
	s.Script = g.script()
	leaf := script.TapLeafHash(version, s.Script)
	root, control := leaf, []byte{version}
	control = append(control, internal.xonly()...)
	for range g.pick(3) {
		var sibling [32]byte
		copy(sibling[:], g.bytes(32))
		root = script.TapBranchHash(&root, &sibling)
		control = append(control, sibling[:]...)
	}
	key, parity, _ := sigverify.TaprootOutputKey(internal.xonly(), &root)
	control[0] |= parity
	switch g.pick(32) {
	case 1:
		control[0] ^= 1
	case 2:
		control = control[:len(control)-1]
	case 3:
		control[1] ^= 1
	}
	*out = append([]byte{0x51, 32}, key[:]...)
	g.annex(in)
	annex := in.Witness
	g.leaf, g.annexItem = &leaf, nil
	if len(annex) > 0 {
		g.annexItem = annex[0]
	}
	args := g.arguments()
	if len(args) > 0 && g.pick(16) == 1 {
		args[0] = g.bytes(521)
	}
	in.Witness = append(append(args, s.Script, control), annex...)
}

func (g *generator) annex(in *wire.TxIn) {
	if g.pick(5) == 1 {
		in.Witness = [][]byte{append([]byte{0x50}, g.bytes(g.pick(4))...)}
	}
}

func p2sh(redeem []byte) []byte {
	return append(append([]byte{0xa9, 20}, hash160(redeem)...), 0x87)
}

func hash160(b []byte) []byte {
	h := script.Hash160(b)
	return h[:]
}

// pushed encodes a push, now and then not in the shortest form.
func (g *generator) pushed(b []byte) []byte {
	if len(b) < 256 && g.pick(32) == 1 {
		return append([]byte{byte(script.OpPushData1), byte(len(b))}, b...)
	}
	if g.pick(32) == 1 {
		return append(binary.LittleEndian.AppendUint16([]byte{byte(script.OpPushData2)}, uint16(len(b))), b...)
	}
	if len(b) == 1 && b[0] >= 1 && b[0] <= 16 {
		return []byte{byte(script.Op1) - 1 + b[0]}
	}
	if len(b) == 1 && b[0] == 0x81 {
		return []byte{byte(script.Op1Negate)}
	}
	return script.AppendPush(nil, b)
}

func (g *generator) pushAll(items [][]byte) (s []byte) {
	for _, item := range items {
		s = append(s, g.pushed(item)...)
	}
	return s
}
