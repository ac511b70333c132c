package script

import (
	"fmt"
	"strings"

	"grapevine/chain/params"
)

// Address is the content of an address: a hash, a key or a witness program,
// and which kind. It is comparable; the zero value is no address.
type Address struct {
	typ     Type
	version uint8 // of a witness program
	size    uint8
	data    [maxProgramSize]byte
}

// maxProgramSize is the longest witness program (BIP 141).
const maxProgramSize = 40

func newAddress(t Type, version int, data []byte) Address {
	a := Address{typ: t, version: uint8(version), size: uint8(len(data))}
	copy(a.data[:], data)
	return a
}

// AddressOfKeyHash returns the P2PKH address of a HASH160.
func AddressOfKeyHash(hash [20]byte) Address { return newAddress(PubKeyHash, 0, hash[:]) }

// AddressOfScriptHash returns the P2SH address of a HASH160.
func AddressOfScriptHash(hash [20]byte) Address { return newAddress(ScriptHash, 0, hash[:]) }

// AddressOfProgram returns the address of a witness program. It reports false
// where there is none: version 0 with other than 20 or 32 bytes, versions
// above 16, programs outside 2 to 40 bytes.
func AddressOfProgram(version int, program []byte) (Address, bool) {
	if version < 0 || version > 16 || len(program) < 2 || len(program) > maxProgramSize {
		return Address{}, false
	}
	t, _ := classifyWitness(version, program)
	return newAddress(t, version, program), t != NonStandard
}

// ExtractAddress returns the address of an output script, if its form has one:
// bare keys, multisig and data do not.
func ExtractAddress(script []byte) (Address, bool) {
	if version, program, ok := WitnessProgram(script); ok {
		return AddressOfProgram(version, program)
	}
	switch t, data := classify(script); t {
	case PubKeyHash, ScriptHash:
		return newAddress(t, 0, data), true
	}
	return Address{}, false
}

// AddressOf returns the text of the address of an output script on a network.
func AddressOf(script []byte, p *params.Params) (string, bool) {
	a, ok := ExtractAddress(script)
	if !ok {
		return "", false
	}
	return a.Encode(p), true
}

// Type returns the form of the output that the address stands for;
// NonStandard for the zero value.
func (a Address) Type() Type { return a.typ }

// IsValid reports whether a is an address at all.
func (a Address) IsValid() bool { return a.typ != NonStandard }

// Data returns the hash, key or witness program.
func (a Address) Data() []byte { return a.data[:a.size:a.size] }

// WitnessVersion returns the version of a witness program, or false for
// addresses that are none.
func (a Address) WitnessVersion() (int, bool) {
	switch a.typ {
	case NonStandard, PubKeyHash, ScriptHash:
		return 0, false
	}
	return int(a.version), true
}

// Script returns the output script that pays the address, nil for the zero
// value.
func (a Address) Script() []byte {
	switch a.typ {
	case NonStandard:
		return nil
	case PubKeyHash:
		s := append([]byte{byte(OpDup), byte(OpHash160), 20}, a.Data()...)
		return append(s, byte(OpEqualVerify), byte(OpCheckSig))
	case ScriptHash:
		return append(append([]byte{byte(OpHash160), 20}, a.Data()...), byte(OpEqual))
	}
	return append(append(AppendInt(nil, int64(a.version)), a.size), a.Data()...)
}

// Encode returns the text of the address on a network; empty for the zero
// value.
func (a Address) Encode(p *params.Params) string {
	switch a.typ {
	case NonStandard:
		return ""
	case PubKeyHash:
		return EncodeBase58Check(append([]byte{p.PubKeyHashPrefix}, a.Data()...))
	case ScriptHash:
		return EncodeBase58Check(append([]byte{p.ScriptHashPrefix}, a.Data()...))
	}
	enc := Bech32m
	if a.version == 0 {
		enc = Bech32
	}
	return EncodeBech32(enc, p.Bech32HRP, bytesToDigits([]byte{a.version}, a.Data()))
}

// AddressError says why a text is no address of a network.
type AddressError struct {
	Message string // the sentence that clients know
	// Locations are the positions of characters that are, or are suspected to
	// be, wrong; Bech32 only.
	Locations []int
}

func (e *AddressError) Error() string { return e.Message }

func badAddress(format string, args ...any) error {
	return &AddressError{Message: fmt.Sprintf(format, args...)}
}

// DecodeAddress reads an address of a network. Errors are of type
// [AddressError].
func DecodeAddress(s string, p *params.Params) (Address, error) {
	// A prefix of another network makes it no Bech32 for this one.
	if n := len(p.Bech32HRP); len(s) >= n && strings.ToLower(s[:n]) == p.Bech32HRP {
		return decodeSegwit(s, p)
	}
	return decodeLegacy(s, p)
}

func decodeLegacy(s string, p *params.Params) (Address, error) {
	data, ok := DecodeBase58Check(s, 21)
	if !ok {
		// Whether it was meant as base 58 shows without the checksum, and
		// with more room.
		if _, ok := DecodeBase58(s, 100); ok {
			return Address{}, badAddress("Invalid checksum or length of Base58 address (P2PKH or P2SH)")
		}
		return Address{}, badAddress("Invalid or unsupported Segwit (Bech32) or Base58 encoding.")
	}
	known := len(data) > 0 && (data[0] == p.PubKeyHashPrefix || data[0] == p.ScriptHashPrefix)
	switch {
	case !known:
		return Address{}, badAddress("Invalid or unsupported Base58-encoded address.")
	case len(data) != 21:
		return Address{}, badAddress("Invalid length for Base58 address (P2PKH or P2SH)")
	case data[0] == p.PubKeyHashPrefix:
		return newAddress(PubKeyHash, 0, data[1:]), nil
	}
	return newAddress(ScriptHash, 0, data[1:]), nil
}

func decodeSegwit(s string, p *params.Params) (Address, error) {
	enc, hrp, digits := DecodeBech32(s)
	switch {
	case enc == Bech32Invalid:
		message, locations := LocateBech32Errors(s)
		return Address{}, &AddressError{message, locations}
	case len(digits) == 0:
		return Address{}, badAddress("Empty Bech32 data section")
	case hrp != p.Bech32HRP:
		return Address{}, badAddress("Invalid or unsupported prefix for Segwit (Bech32) address (expected %s, got %s).", p.Bech32HRP, hrp)
	}
	version := int(digits[0])
	if version == 0 && enc != Bech32 {
		return Address{}, badAddress("Version 0 witness address must use Bech32 checksum")
	}
	if version != 0 && enc != Bech32m {
		return Address{}, badAddress("Version 1+ witness address must use Bech32m checksum")
	}
	program, ok := digitsToBytes(digits[1:])
	if !ok {
		return Address{}, badAddress("Invalid padding in Bech32 data section")
	}
	if a, ok := AddressOfProgram(version, program); ok {
		return a, nil
	}
	unit := "bytes"
	if len(program) == 1 {
		unit = "byte"
	}
	switch {
	case version == 0:
		return Address{}, badAddress("Invalid Bech32 v0 address program size (%d %s), per BIP141", len(program), unit)
	case version > 16:
		return Address{}, badAddress("Invalid Bech32 address witness version")
	}
	return Address{}, badAddress("Invalid Bech32 address program size (%d %s)", len(program), unit)
}
