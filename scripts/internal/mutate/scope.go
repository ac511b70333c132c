package main

// target is a package, or the files of it, that hold consensus rules.
type target struct {
	dir   string
	files []string // nil for all that are no tests
}

// targets are what is mutated.
var targets = []target{
	{"internal/u256", []string{"compact.go"}},
	{"wire", []string{"block.go", "compact.go", "header.go", "tx.go", "txdecode.go", "units.go"}},
	{"chain/params", []string{"params.go"}},
	{"chain/consensus", nil},
	{"chain/headers", []string{"node.go", "retarget.go", "threshold.go", "versionbits.go", "work.go"}},
	{"chain/sigverify", []string{"batch.go", "der.go", "point.go", "portable.go", "reference.go", "taproot.go", "verify.go"}},
	{"chain/sigverify/curve", []string{"field.go", "point.go"}},
	{"chain/script", []string{
		"checksig.go", "encoding.go", "engine.go", "hashes.go", "multisig.go", "number.go", "ops.go",
		"ops_number.go", "ops_stack.go", "pattern.go", "sighash.go", "sigops.go", "taproot.go", "tokenizer.go", "verify.go", "witness.go",
	}},
	{"chain", []string{"accept.go", "assumevalid.go", "candidates.go", "connect.go", "rules.go", "scripts.go"}},
	{"chain/utxo", []string{"overlay_block.go"}},
}

// judges are the packages whose tests may notice, in the order in which they
// are asked; a target's own tests come first of all.
var judges = []string{
	"internal/u256", "wire", "chain/params", "chain/headers", "chain/consensus", "chain/sigverify/curve", "chain/sigverify", "chain/script",
	"chain/utxo", "chain",
}

// limitTypes are the types, besides plain integers, whose constants are limits
// and not names.
var limitTypes = map[string]bool{"wire.Amount": true, "wire.Weight": true}

// perPackage is how many mutants a package may have. Each package numbers its
// own, so that a change of one leaves the others' tests as they were built.
const perPackage = 1500

// unruly are functions that only write text, log, copy or check themselves.
var unruly = map[string]bool{
	"String": true, "Error": true, "Is": true, "Unwrap": true, "AppendDecimal": true, "shortMoney": true,
	"Clone": true, "check": true, "cloneBytes": true, "warnOfInvalidWork": true, "skipScripts": true,
}
