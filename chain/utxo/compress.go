package utxo

import (
	"math"

	"grapevine/chain/sigverify"
	"grapevine/wire"
)

// The compact forms that Bitcoin Core stores coins and undo data in.

// maxVarintLen is the longest form of a 64-bit number.
const maxVarintLen = 10

// appendVarint appends n in groups of seven bits, most significant first, all
// but the last with the top bit set. One is subtracted at each step down, so
// that every number has exactly one form.
func appendVarint(b []byte, n uint64) []byte {
	if n < 0x80 {
		return append(b, byte(n))
	}
	var tmp [maxVarintLen]byte
	i := len(tmp) - 1
	tmp[i] = byte(n & 0x7f)
	for n >= 0x80 {
		n = n>>7 - 1
		i--
		tmp[i] = byte(n) | 0x80
	}
	return append(b, tmp[i:]...)
}

// readVarint reads a number of at most limit, which is one less than a power
// of two, from the front of b. Size is 0 when there is none.
func readVarint(b []byte, limit uint64) (n uint64, size int, kind DecodeErrorKind) {
	for size < len(b) {
		c := b[size]
		size++
		if n > limit>>7 {
			return 0, 0, ErrCodecOverflow
		}
		n = n<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return n, size, ""
		}
		if n == limit {
			return 0, 0, ErrCodecOverflow
		}
		n++
	}
	return 0, 0, ErrCodecTruncated
}

// powersOfTen are the factors that a compressed amount leaves out.
var powersOfTen = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// compressAmount makes round amounts small. With e the number of trailing
// zeros (at most 9) and, when e < 9, d the last digit before them and n what
// precedes it, the result is 1 + 10*(9n + d-1) + e; with e = 9 it is
// 1 + 10*(n-1) + 9, n being all that precedes the zeros. Zero stays zero.
func compressAmount(a wire.Amount) uint64 {
	n := uint64(a)
	if n == 0 {
		return 0
	}
	e := uint64(0)
	for e < 9 && n%10 == 0 {
		n /= 10
		e++
	}
	if e == 9 {
		return 1 + (n-1)*10 + 9
	}
	return 1 + (n/10*9+n%10-1)*10 + e
}

// decompressAmount undoes [compressAmount] and reports false for what no
// amount within the money range compresses to.
func decompressAmount(x uint64) (wire.Amount, bool) {
	if x == 0 {
		return 0, true
	}
	x--
	e := x % 10
	x /= 10
	n := x + 1
	if e < 9 {
		n = x/9*10 + x%9 + 1
	}
	if n > uint64(wire.MaxMoney)/powersOfTen[e] {
		return 0, false
	}
	return wire.Amount(n * powersOfTen[e]), true
}

// A compressed script begins with a number: 0 to 5 name a template whose hash
// or key follows, anything above is the length of the script that follows
// plus six.
const (
	packedP2PKH        = 0
	packedP2SH         = 1
	packedKey          = 2 // and 3: compressed key, the number is its first byte
	packedFullKey      = 4 // and 5: uncompressed key, the low bit is the parity of Y
	packedPlain        = 6
	packedHashLen      = 20
	packedKeyLen       = 32
	maxSpendableScript = 10_000 // longer scripts are unspendable and never coins
)

// The opcodes of the templates.
const (
	opDup         = 0x76
	opEqual       = 0x87
	opEqualVerify = 0x88
	opHash160     = 0xa9
	opCheckSig    = 0xac
)

// appendScript appends the compressed form of a script. The templates are
// matched byte for byte. An uncompressed key is shortened to its X and parity
// only when it is a point, since another could not be restored.
func appendScript(b, s []byte) []byte {
	switch len(s) {
	case 25:
		if s[0] == opDup && s[1] == opHash160 && s[2] == 20 && s[23] == opEqualVerify && s[24] == opCheckSig {
			return append(append(b, packedP2PKH), s[3:23]...)
		}
	case 23:
		if s[0] == opHash160 && s[1] == 20 && s[22] == opEqual {
			return append(append(b, packedP2SH), s[2:22]...)
		}
	case 35:
		if s[0] == 33 && s[34] == opCheckSig && (s[1] == 2 || s[1] == 3) {
			return append(b, s[1:34]...)
		}
	case 67:
		if s[0] == 65 && s[66] == opCheckSig && s[1] == 4 && sigverify.ValidPubKey(s[1:66]) {
			return append(append(b, packedFullKey|s[65]&1), s[2:34]...)
		}
	}
	return append(appendVarint(b, uint64(len(s))+packedPlain), s...)
}

// packedScript is a compressed script that has been measured, not restored.
type packedScript struct {
	form    uint64 // a template, or packedPlain
	payload []byte // the hash, key or script
}

// readScript measures the compressed script at the front of b.
func readScript(b []byte) (p packedScript, size int, kind DecodeErrorKind) {
	n, size, kind := readVarint(b, math.MaxUint32)
	if kind != "" {
		return packedScript{}, 0, kind
	}
	p.form = min(n, packedPlain)
	need := packedKeyLen
	switch {
	case n >= packedPlain:
		if n-packedPlain > maxSpendableScript {
			return packedScript{}, 0, ErrCodecScriptSize
		}
		need = int(n - packedPlain)
	case n <= packedP2SH:
		need = packedHashLen
	}
	if need > len(b)-size {
		return packedScript{}, 0, ErrCodecTruncated
	}
	p.payload = b[size : size+need]
	return p, size + need, ""
}

// size returns the length of the script itself.
func (p packedScript) size() int {
	switch p.form {
	case packedP2PKH:
		return 25
	case packedP2SH:
		return 23
	case packedKey, packedKey + 1:
		return 35
	case packedFullKey, packedFullKey + 1:
		return 67
	}
	return len(p.payload)
}

// appendTo appends the script itself to b.
func (p packedScript) appendTo(b []byte) ([]byte, DecodeErrorKind) {
	switch p.form {
	case packedP2PKH:
		b = append(b, opDup, opHash160, 20)
		b = append(b, p.payload...)
		return append(b, opEqualVerify, opCheckSig), ""
	case packedP2SH:
		b = append(b, opHash160, 20)
		b = append(b, p.payload...)
		return append(b, opEqual), ""
	case packedKey, packedKey + 1:
		b = append(b, 33, byte(p.form))
		b = append(b, p.payload...)
		return append(b, opCheckSig), ""
	case packedFullKey, packedFullKey + 1:
		key, ok := sigverify.DecompressPubKey([32]byte(p.payload), p.form&1 == 1)
		if !ok {
			return b, ErrCodecPoint
		}
		b = append(b, 65)
		b = append(b, key[:]...)
		return append(b, opCheckSig), ""
	}
	return append(b, p.payload...), ""
}
