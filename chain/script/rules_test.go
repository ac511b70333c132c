package script

import (
	"bytes"
	"crypto/sha256"
	"strings"
	"testing"

	"grapevine/chain/sigverify"
)

// ruleCase is an input for a rule that the vectors leave out, or reach by one
// road only. Scripts are in the notation of the vectors.
type ruleCase struct {
	name     string
	sig, pk  string
	witness  []string // scripts too; the raw bytes count
	flags    Flags
	want     ErrorKind
	sequence uint32
	version  uint32
	lockTime uint32
}

const p2wit = VerifyP2SH | VerifyWitness

func TestRules(t *testing.T) {
	program32 := "0x20" + strings.Repeat("11", 32)
	for _, c := range []ruleCase{
		// BIP 112: the version is an unsigned number since Bitcoin Core 28.
		{name: "sequence, version 2^32-1", pk: "5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 0xffffffff, sequence: 5, want: "OK"},
		{name: "sequence, version 1", pk: "5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 1, sequence: 5, want: ErrLockTime},
		{name: "sequence, bits without meaning", pk: "5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 1<<16 | 5, want: "OK"},
		{name: "sequence, operand bits without meaning", pk: "65541 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 5, want: "OK"},
		{name: "sequence too low", pk: "6 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 5, want: ErrLockTime},
		{name: "sequence, blocks against time", pk: "5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 1<<22 | 5, want: ErrLockTime},
		{name: "sequence, time against blocks", pk: "4194309 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 5, want: ErrLockTime},
		{name: "sequence off", pk: "4194309 CHECKSEQUENCEVERIFY", version: 2, sequence: 5, want: "OK"},
		{name: "sequence disabled in the input", pk: "5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, sequence: 1<<31 | 5, want: ErrLockTime},
		{name: "sequence disabled in the operand", pk: "2147483653 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 1, want: "OK"},
		{name: "sequence negative", pk: "-5 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, want: ErrNegativeLock},
		{name: "sequence of six bytes", pk: "0x06010000000000 CHECKSEQUENCEVERIFY", flags: VerifyCheckSequence, version: 2, want: ErrScriptNum},

		// BIP 65.
		{name: "height equal", pk: "100 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 100, want: "OK"},
		{name: "height too low", pk: "101 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 100, want: ErrLockTime},
		{name: "height against time", pk: "100 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 500_000_000, want: ErrLockTime},
		{name: "first time", pk: "500000000 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 500_000_000, want: "OK"},
		{name: "last height", pk: "499999999 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 499_999_999, want: "OK"},
		{name: "last height against first time", pk: "499999999 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 500_000_000, want: ErrLockTime},
		{name: "lock time of a final input", pk: "100 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 100, sequence: 0xffffffff, want: ErrLockTime},
		{name: "lock time of five bytes", pk: "4294967295 CHECKLOCKTIMEVERIFY", flags: VerifyCheckLockTime, lockTime: 0xffffffff, want: "OK"},
		{name: "lock time off", pk: "-1 CHECKLOCKTIMEVERIFY", want: "OK"},
		{name: "switched off, NOP2 is not discouraged", pk: "1 CHECKLOCKTIMEVERIFY", flags: DiscourageUpgradableNOPs, want: "OK"},

		// Witness programs without a meaning yet.
		{name: "version 2", pk: "2 " + program32, flags: p2wit, want: "OK"},
		{name: "version 2, discouraged", pk: "2 " + program32, flags: p2wit | DiscourageUpgradableWitnessProgram, want: ErrDiscourageWitnessProgram},
		{name: "taproot switched off", pk: "1 " + program32, flags: p2wit | DiscourageUpgradableWitnessProgram, want: "OK"},
		{name: "taproot wrapped", sig: "{1 " + program32 + "}", pk: "P2SH", flags: p2wit | VerifyTaproot, want: "OK"},
		{name: "taproot wrapped, discouraged", sig: "{1 " + program32 + "}", pk: "P2SH", flags: p2wit | VerifyTaproot | DiscourageUpgradableWitnessProgram, want: ErrDiscourageWitnessProgram},
		{name: "taproot, nothing in the witness", pk: "1 " + program32, flags: p2wit | VerifyTaproot, want: ErrProgramEmpty},
		{name: "anchor", pk: "1 0x024e73", flags: StandardFlags, want: "OK"},
		{name: "anchor with a witness", pk: "1 0x024e73", witness: []string{"1"}, flags: StandardFlags, want: "OK"},
		{name: "anchor wrapped", sig: "{1 0x024e73}", pk: "P2SH", flags: StandardFlags, want: ErrDiscourageWitnessProgram},
		{name: "anchor wrapped, allowed", sig: "{1 0x024e73}", pk: "P2SH", flags: MandatoryFlags, want: "OK"},
		{name: "anchor of three bytes", pk: "1 0x034e7300", flags: StandardFlags, want: ErrDiscourageWitnessProgram},
		{name: "anchor with another first byte", pk: "1 0x024f73", flags: StandardFlags, want: ErrDiscourageWitnessProgram},
		{name: "anchor with another second byte", pk: "1 0x024e74", flags: StandardFlags, want: ErrDiscourageWitnessProgram},
		{name: "version 0 of 21 bytes", pk: "0 0x15" + strings.Repeat("11", 21), flags: p2wit, want: ErrProgramLength},
		{name: "program of zeros", pk: "0 0x14" + strings.Repeat("00", 20), flags: p2wit, want: ErrEvalFalse},
		{name: "wrapped program of zeros", sig: "{0 0x14" + strings.Repeat("00", 20) + "}", pk: "P2SH", flags: p2wit, want: ErrEvalFalse},
		{name: "wrapped, with a push too many", sig: "1 {0 0x14" + strings.Repeat("11", 20) + "}", pk: "P2SH", flags: p2wit, want: ErrWitnessP2SH},
		{name: "native, with an input script", sig: "1", pk: "0 0x14" + strings.Repeat("11", 20), flags: p2wit, want: ErrWitnessMalleated},
		{name: "witness for nothing", pk: "1", witness: []string{"1"}, flags: p2wit, want: ErrWitnessUnexpected},
		{name: "witness for nothing, witness off", pk: "1", witness: []string{"1"}, flags: VerifyP2SH, want: "OK"},
		{name: "witness for nothing, unclean", sig: "1 1", pk: "1", witness: []string{"1"}, flags: p2wit | VerifyCleanStack, want: ErrCleanStack},

		// P2SH.
		{name: "redeem script false", sig: "{0}", pk: "P2SH", flags: VerifyP2SH, want: ErrEvalFalse},
		{name: "redeem script leaves nothing", sig: "{1 DROP}", pk: "P2SH", flags: VerifyP2SH, want: ErrEvalFalse},
		{name: "input script that does more than push", sig: "NOP {1}", pk: "P2SH", flags: VerifyP2SH, want: ErrSigPushOnly},
		{name: "the same, P2SH off", sig: "NOP {0}", pk: "P2SH", want: "OK"},
		{name: "push only comes first", sig: "NOP RETURN", pk: "1", flags: VerifySigPushOnly, want: ErrSigPushOnly},
		{name: "and may be off", sig: "NOP", pk: "1", want: "OK"},
		{name: "16 is a push", sig: "16", pk: "16 EQUAL", flags: VerifySigPushOnly, want: "OK"},
		{name: "16 is a push for P2SH too", sig: "16 {16 EQUAL}", pk: "P2SH", flags: VerifyP2SH, want: "OK"},

		// Stacks.
		{name: "alternative stack ends with its script", sig: "1 1 TOALTSTACK", pk: "FROMALTSTACK", want: ErrAltStack},
		{name: "conditions end with their script", sig: "1 1 IF", pk: "ENDIF", want: ErrConditional},
		{name: "both stacks at their limit", pk: strings.Repeat("1 ", 900) + strings.Repeat("1 TOALTSTACK ", 100), want: "OK"},
		{name: "both stacks above it", pk: strings.Repeat("1 ", 900) + strings.Repeat("1 TOALTSTACK ", 100) + "1", want: ErrStackSize},
		{name: "an item false at the end", pk: "1 0x0100", want: ErrEvalFalse},
		{name: "negative zero at the end", pk: "1 0x020080", want: ErrEvalFalse},
		{name: "a roll that takes the lowest", sig: "1 2", pk: "1 ROLL 1 EQUAL", want: "OK"},
		{name: "a roll that takes one lower", sig: "1 2", pk: "2 ROLL", want: ErrStack},
		{name: "a roll of nothing", pk: "ROLL", want: ErrStack},
		{name: "a pick of nothing", pk: "PICK", want: ErrStack},
		{name: "a pick by a number that is alone, whatever it is", pk: "0x050000000000 PICK", want: ErrStack},

		// What holds in branches that do not run.
		{name: "verif that does not run", pk: "1 0 IF VERIF ENDIF", want: ErrBadOpcode},
		{name: "vernotif that does not run", pk: "1 0 IF VERNOTIF ENDIF", want: ErrBadOpcode},
		{name: "reserved that does not run", pk: "1 0 IF RESERVED VER RESERVED1 0xba 0xff ENDIF", want: "OK"},
		{name: "disabled that does not run", pk: "1 0 IF CAT ENDIF", want: ErrDisabled},
		{name: "code separator that does not run", pk: "1 0 IF CODESEPARATOR ENDIF", flags: VerifyConstScriptCode, want: ErrCodeSeparator},
		{name: "push that does not run may be long", pk: "1 0 IF 0x4c0105 ENDIF", flags: VerifyMinimalData, want: "OK"},
		{name: "push that runs may not", pk: "1 1 IF 0x4c0105 ENDIF", flags: VerifyMinimalData, want: ErrMinimalData},
		{name: "check sig add is no instruction yet", pk: "0 0 0 CHECKSIGADD 1", want: ErrBadOpcode},

		{name: "pushes are no operations", pk: strings.Repeat("16 -1 2DROP ", 200) + "16", want: "OK"},

		// A check at the end of the input script is not the last word.
		{name: "check in the input script, turned round", sig: "1 0x21 0x02" + strings.Repeat("11", 32) + " CHECKSIG", pk: "NOT", want: "OK"},
		{name: "multisig in the input script, turned round", sig: "0 1 1 0x21 0x02" + strings.Repeat("11", 32) + " 1 CHECKMULTISIG", pk: "NOT", want: "OK"},
		{name: "check in the output script, turned round", sig: "1 0x21 0x02" + strings.Repeat("11", 32), pk: "CHECKSIG NOT", want: "OK"},
		{name: "check in the redeem script, turned round", sig: "1 0x21 0x02" + strings.Repeat("11", 32) + " {CHECKSIG NOT}", pk: "P2SH", flags: VerifyP2SH, want: "OK"},

		// Checks without a signature.
		{name: "number of keys", pk: "0 0 21 CHECKMULTISIG 1", want: ErrPubKeyCount},
		{name: "number of keys negative", pk: "0 0 -1 CHECKMULTISIG 1", want: ErrPubKeyCount},
		{name: "number of signatures", pk: "0 1 0 CHECKMULTISIG 1", want: ErrSigCount},
		{name: "number of signatures negative", pk: "0 -1 0 CHECKMULTISIG 1", want: ErrSigCount},
		{name: "dummy missing", pk: "0 0 CHECKMULTISIG", want: ErrStack},
		{name: "dummy missing, which comes before the signatures", pk: "1 1 0 1 CHECKMULTISIG", flags: VerifyDERSig, want: ErrStack},
		{name: "dummy not empty", pk: "1 0 0 CHECKMULTISIG", flags: VerifyNullDummy, want: ErrNullDummy},
		{name: "dummy not empty, allowed", pk: "1 0 0 CHECKMULTISIG", want: "OK"},
		{name: "keys count as operations", pk: strings.Repeat("0 0 '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' '' 20 CHECKMULTISIG DROP ", 9) + strings.Repeat("NOP ", 4) + "1", want: ErrOpCount},
		{name: "empty signature in its own code", pk: "0 0 CHECKSIG NOT", flags: VerifyConstScriptCode, want: ErrSigFindAndDelete},
		{name: "empty signature", pk: "0 0 CHECKSIG NOT", want: "OK"},
		{name: "empty signature is not null fail", pk: "0 0 CHECKSIG NOT", flags: VerifyNullFail, want: "OK"},
		{name: "signature that fails", pk: "1 0 CHECKSIG NOT", flags: VerifyNullFail, want: ErrNullFail},
		{name: "signature that fails, allowed", pk: "1 0 CHECKSIG NOT", want: "OK"},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t) })
	}
}

func (c *ruleCase) run(t *testing.T) {
	sig, pk := c.scripts(t)
	var witness [][]byte
	for _, w := range c.witness {
		witness = append(witness, mustScript(t, w))
	}
	tx, spent := spending(sig, pk, witness, 1000)
	tx.In[0].Sequence, tx.LockTime = c.sequence, c.lockTime
	if c.version != 0 {
		tx.Version = c.version
	}
	if got := verifyBoth(t, tx, 0, c.flags, NewMidstates(tx, spent), newMemo()); got != c.want {
		t.Errorf("%s, want %s", got, c.want)
	}
}

// scripts reads the case's two scripts. {...} pushes a script, and the output
// P2SH holds the hash of that one.
func (c *ruleCase) scripts(t *testing.T) (sig, pk []byte) {
	text := c.sig
	var redeem []byte
	if at := strings.IndexByte(text, '{'); at >= 0 {
		redeem = mustScript(t, strings.TrimSuffix(text[at+1:], "}"))
		sig = AppendPush(mustScript(t, text[:at]), redeem)
	} else {
		sig = mustScript(t, text)
	}
	if c.pk == "P2SH" {
		return sig, p2shOf(redeem)
	}
	return sig, mustScript(t, c.pk)
}

// tapSpend runs a tapscript leaf that is alone in its tree.
func tapSpend(t *testing.T, leafVersion byte, script []byte, items [][]byte, flags Flags) ErrorKind {
	t.Helper()
	leaf := TapLeafHash(leafVersion, script)
	key, parity, _ := sigverify.TaprootOutputKey(generatorX, &leaf)
	control := append([]byte{leafVersion | parity}, generatorX...)
	tx, spent := spending(nil, append([]byte{0x51, 32}, key[:]...), append(items, script, control), 1000)
	return verifyBoth(t, tx, 0, flags, NewMidstates(tx, spent), newMemo())
}

func TestTapscriptRules(t *testing.T) {
	many := func(n int) (items [][]byte) { return make([][]byte, n) }
	sig := bytes.Repeat([]byte{1}, 64)
	for _, c := range []struct {
		name   string
		script string
		items  [][]byte
		more   Flags
		want   ErrorKind
	}{
		{"1,000 items", strings.Repeat("2DROP ", 499) + "2DROP 1", many(1000), 0, "OK"},
		{"1,001 items", strings.Repeat("2DROP ", 500) + "DROP 1", many(1001), 0, ErrStackSize},
		{"item of 521 bytes", "DROP 1", [][]byte{make([]byte, 521)}, 0, ErrPushSize},
		{"success comes before the size of items", "RESERVED", [][]byte{make([]byte, 521)}, 0, "OK"},
		{"success comes before the number of items", "RESERVED", many(1001), 0, "OK"},
		{"success, discouraged", "RESERVED", nil, DiscourageOpSuccess, ErrDiscourageOpSuccess},
		{"success that does not run", "1 0 IF CAT ENDIF", nil, 0, "OK"},
		{"success behind a broken push", "0x4c", nil, 0, ErrBadOpcode},
		{"success before a broken push", "CAT 0x4c", nil, 0, "OK"},
		{"no limit on operations", strings.Repeat("NOP ", 300) + "1", nil, 0, "OK"},
		{"no limit on size", strings.Repeat("NOP ", 10_500) + "1", nil, 0, "OK"},
		{"multisig", "0 0 0 CHECKMULTISIG", nil, 0, ErrTapMultiSig},
		{"multisig verify", "0 0 0 CHECKMULTISIGVERIFY 1", nil, 0, ErrTapMultiSig},
		{"condition of two bytes", "0x020100 IF ENDIF 1", nil, 0, ErrTapMinimalIf},
		{"condition 2", "2 IF ENDIF 1", nil, 0, ErrTapMinimalIf},
		{"condition zero byte", "0x0100 NOTIF ENDIF 1", nil, 0, ErrTapMinimalIf},
		{"condition 1", "1 IF 1 ENDIF", nil, 0, "OK"},
		{"unclean", "1 1", nil, 0, ErrCleanStack},
		{"false", "0", nil, 0, ErrEvalFalse},
		{"empty key", "0 0 CHECKSIG 1", nil, 0, ErrTapEmptyPubKey},
		{"empty key for adding", "0 0 0 CHECKSIGADD 1", nil, 0, ErrTapEmptyPubKey},
		{"unknown key, empty signature", "0 1 CHECKSIG NOT", nil, 0, "OK"},
		{"unknown key, any signature", "1 1 CHECKSIG", nil, 0, "OK"},
		{"unknown key adds one", "1 5 1 CHECKSIGADD 6 EQUAL", nil, 0, "OK"},
		{"unknown key adds nothing", "0 5 1 CHECKSIGADD 5 EQUAL", nil, 0, "OK"},
		{"unknown key, discouraged", "0 1 CHECKSIG NOT", nil, DiscourageUpgradablePubKeyType, ErrDiscouragePubKeyType},
		{"adding with two items", "1 1 CHECKSIGADD", nil, 0, ErrStack},
		{"number of five bytes", "0 0x050000000001 1 CHECKSIGADD", nil, 0, ErrScriptNum},
		{"signature of 63 bytes", "0x20" + strings.Repeat("11", 32) + " CHECKSIG", [][]byte{sig[:63]}, 0, ErrSchnorrSigSize},
		{"hash type 0 written out", "0x20" + strings.Repeat("11", 32) + " CHECKSIG", [][]byte{append(sig[:64:64], 0)}, 0, ErrSchnorrSigHashType},
		{"hash type 4", "0x20" + strings.Repeat("11", 32) + " CHECKSIG", [][]byte{append(sig[:64:64], 4)}, 0, ErrSchnorrSigHashType},
		{"hash type 0x80", "0x20" + strings.Repeat("11", 32) + " CHECKSIG", [][]byte{append(sig[:64:64], 0x80)}, 0, ErrSchnorrSigHashType},
		{"wrong signature", "0x20" + strings.Repeat("11", 32) + " CHECKSIG", [][]byte{sig}, 0, ErrSchnorrSig},
		// The witness is 1 + (1+n) + (1+33) bytes, and 50 come for free.
		{"budget for one check", "1 1 CHECKSIG", nil, 0, "OK"},
		{"budget for two checks", "1 1 CHECKSIGVERIFY 1 1 CHECKSIG", nil, 0, ErrValidationWeight},
		{"budget exactly used", "1 1 CHECKSIGVERIFY 1 1 CHECKSIG " + strings.Repeat("NOP ", 8), nil, 0, "OK"},
		{"budget used but for one byte", "1 1 CHECKSIGVERIFY 1 1 CHECKSIG " + strings.Repeat("NOP ", 7), nil, 0, ErrValidationWeight},
		{"empty signatures are free", strings.Repeat("0 1 CHECKSIG DROP ", 20) + "1", nil, 0, "OK"},
	} {
		if got := tapSpend(t, LeafTapscript, mustScript(t, c.script), c.items, MandatoryFlags|c.more); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := tapSpend(t, 0xc2, []byte{0x4c}, nil, MandatoryFlags); got != "OK" {
		t.Errorf("unknown leaf version: %s", got)
	}
	if got := tapSpend(t, 0xc2, []byte{0x50}, nil, MandatoryFlags|DiscourageOpSuccess); got != "OK" {
		t.Errorf("OP_SUCCESSx in an unknown leaf version: %s", got)
	}
	if got := tapSpend(t, 0xc2, nil, nil, StandardFlags); got != ErrDiscourageTaprootVersion {
		t.Errorf("unknown leaf version, discouraged: %s", got)
	}
}

func TestWitnessScriptRules(t *testing.T) {
	for _, c := range []struct {
		name, script string
		items        [][]byte
		more         Flags
		want         ErrorKind
	}{
		{"item of 521 bytes", "DROP 1", [][]byte{make([]byte, 521)}, 0, ErrPushSize},
		{"item of 520 bytes", "DROP 1", [][]byte{make([]byte, 520)}, 0, "OK"},
		{"the script itself may be larger", strings.Repeat("'"+strings.Repeat("a", 500)+"' DROP ", 2) + "1", nil, 0, "OK"},
		{"1,001 items, one taken", "DROP " + strings.Repeat("2DROP ", 100), make([][]byte, 1001), 0, ErrCleanStack},
		{"1,002 items, one taken", "DROP " + strings.Repeat("2DROP ", 100), make([][]byte, 1002), 0, ErrStackSize},
		{"unclean", "1 1", nil, 0, ErrCleanStack},
		{"false", "0", nil, 0, ErrEvalFalse},
		{"condition 2", "2 IF ENDIF 1", nil, 0, "OK"},
		{"condition 2, minimal", "2 IF ENDIF 1", nil, VerifyMinimalIf, ErrMinimalIf},
		{"condition of two bytes, minimal", "0x020100 IF ENDIF 1", nil, VerifyMinimalIf, ErrMinimalIf},
		{"code separator", "CODESEPARATOR 1", nil, VerifyConstScriptCode, "OK"},
		{"empty signature in the code", "0 0 CHECKSIG NOT", nil, VerifyConstScriptCode, "OK"},
		{"uncompressed key", "0 0x41 0x04" + strings.Repeat("11", 64) + " CHECKSIG NOT", nil, VerifyWitnessPubKeyType, ErrWitnessPubKeyType},
		{"uncompressed key, strict", "0 0x41 0x04" + strings.Repeat("11", 64) + " CHECKSIG NOT", nil, VerifyStrictEnc, "OK"},
		{"hybrid key, strict", "0 0x41 0x06" + strings.Repeat("11", 64) + " CHECKSIG NOT", nil, VerifyStrictEnc, ErrPubKeyType},
		{"disabled", "1 0 IF CAT ENDIF", nil, 0, ErrDisabled},
		{"too large", strings.Repeat("NOP ", 10_000) + "1", nil, 0, ErrScriptSize},
	} {
		script := mustScript(t, c.script)
		tx, spent := spending(nil, p2wshOf(script), append(c.items, script), 1000)
		if got := verifyBoth(t, tx, 0, p2wit|c.more, NewMidstates(tx, spent), newMemo()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A 33-item control block path is the longest, and the annex counts for the
// budget but is no item.
func TestControlBlock(t *testing.T) {
	script := []byte{byte(Op1)}
	for _, nodes := range []int{0, 1, 128, 129} {
		root := TapLeafHash(LeafTapscript, script)
		control := append([]byte{0}, generatorX...)
		for i := range nodes {
			sibling := sha256.Sum256([]byte{byte(i)})
			root = TapBranchHash(&root, &sibling)
			control = append(control, sibling[:]...)
		}
		key, parity, _ := sigverify.TaprootOutputKey(generatorX, &root)
		control[0] = LeafTapscript | parity
		pk := append([]byte{0x51, 32}, key[:]...)
		want := ErrorKind("OK")
		if nodes > 128 {
			want = ErrControlSize
		}
		for name, c := range map[string]struct {
			control []byte
			want    ErrorKind
			annex   [][]byte
		}{
			"right":          {control, want, nil},
			"with annex":     {control, want, [][]byte{{0x50, 1, 2}}},
			"one byte short": {control[:len(control)-1], ErrControlSize, nil},
			"wrong parity":   {append([]byte{control[0] ^ 1}, control[1:]...), map[bool]ErrorKind{true: ErrProgramMismatch, false: ErrControlSize}[nodes <= 128], nil},
		} {
			tx, spent := spending(nil, pk, append([][]byte{script, c.control}, c.annex...), 1)
			if got := verifyBoth(t, tx, 0, MandatoryFlags, NewMidstates(tx, spent), newMemo()); got != c.want {
				t.Errorf("%d nodes, %s: %s, want %s", nodes, name, got, c.want)
			}
		}
	}
}
