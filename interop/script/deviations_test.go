package script

import (
	"errors"
	"strings"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/txscript/v2"

	"grapevine/chain/script"
	"grapevine/chain/sigverify"
	"grapevine/internal/scripttest"
)

// explained names the known reason why btcd judges a spend otherwise than we
// do, or returns "". In each the reference (Bitcoin Core, and the BIP where one
// speaks) is on our side. Each is a matter of policy, or of flags that no node
// runs with, but for the first: under the flags of a block since BIP 66 there
// is no entry. What is not listed is a bug until shown otherwise.
func explained(s *scripttest.Spend, ours, theirs error) string {
	var e txscript.Error
	code := txscript.ErrorCode(-1)
	if errors.As(theirs, &e) {
		code = e.ErrorCode
	}
	if ours == nil && s.Flags&(script.VerifyDERSig|script.VerifyLowS|script.VerifyStrictEnc) == 0 && lax(s) {
		// Before BIP 66 any signature counts that the lenient parser of the time
		// could read, lengths in long form among them. btcd's reads fewer forms.
		// No block with one that it cannot read is known to us.
		return "before BIP 66 the lengths in a signature may be in long form"
	}
	if s.Flags&^script.MandatoryFlags == 0 {
		return "" // what blocks are held to leaves no room
	}
	out := s.Spent[s.In].PkScript
	switch {
	case ours == nil && code == txscript.ErrDiscourageUpgradableNOPs &&
		(strings.Contains(e.Description, "OP_NOP2") || strings.Contains(e.Description, "OP_NOP3")):
		// An operation that a soft fork has given a meaning is not discouraged
		// where its own flag is off: it is a plain NOP then. btcd discourages it.
		return "NOP2 and NOP3 are not discouraged while their meaning is switched off"

	case ours == nil && code == txscript.ErrCleanStack && script.IsP2TR(out) && s.Flags&script.VerifyTaproot == 0:
		// Without the taproot flag a taproot output is an unknown witness
		// program, and those leave a clean stack. btcd forgets that on this path,
		// although it remembers for versions 2 to 16.
		return "taproot outputs without the taproot flag leave a clean stack"

	case unknownLeaf(s) && hasSuccess(s.Script) &&
		(code == txscript.ErrDiscourageOpSuccess && ours == nil || theirs == nil && errors.Is(ours, script.ErrDiscourageTaprootVersion)):
		// OP_SUCCESSx belongs to tapscript, leaf version 0xc0 (BIP 342). btcd
		// looks for it in leaves of every version, and before it looks at the
		// version: it discourages the opcode where we discourage the version.
		return "OP_SUCCESSx means nothing in leaves of unknown version"

	case theirs == nil && valid(s, s.Flags&^formRules):
		return explainedForm(s, ours)
	}
	return ""
}

// formRules are policies about the form of keys and signatures. A script may
// break several of them, so that with one of them off the next one shows.
const formRules = script.VerifyNullFail | script.VerifyConstScriptCode | script.VerifyStrictEnc |
	script.VerifyWitnessPubKeyType | script.DiscourageUpgradablePubKeyType

// explainedForm is for spends that btcd takes although they break one of the
// formRules. It leaves a signature check as soon as it knows that the check
// fails, and then misses rules that hold for failed checks as well.
func explainedForm(s *scripttest.Spend, ours error) string {
	switch {
	case errors.Is(ours, script.ErrNullFail) && (hasBadKey(s.Script) || refuses(s)):
		// A check that fails because key or signature cannot be parsed is a
		// failed check, and its signature has to be empty.
		return "NULLFAIL holds for keys and signatures that cannot be parsed"
	case errors.Is(ours, script.ErrSigFindAndDelete) && (hasOp(s.Script, script.Op0) || hasBadKey(s.Script) || refuses(s)):
		// The empty signature is deleted from the script code as every other, in
		// the form of OP_0, and so is one that is not going to be verified. It
		// changes no hash that a valid signature signs.
		return "CONST_SCRIPTCODE holds for empty signatures and what cannot be parsed"
	case (errors.Is(ours, script.ErrPubKeyType) || errors.Is(ours, script.ErrWitnessPubKeyType)) &&
		(hasOp(s.Script, script.OpCheckMultiSig) || hasOp(s.Script, script.OpCheckMultiSigVerify)):
		// OP_CHECKMULTISIG looks at the form of the key before it finds out that
		// the signature is empty or cannot be parsed.
		return "keys of a multisig are looked at for empty signatures too"
	case errors.Is(ours, script.ErrDiscouragePubKeyType):
		// BIP 342: keys of unknown type are discouraged whatever the signature.
		return "unknown key types are discouraged with empty signatures too"
	}
	return ""
}

func valid(s *scripttest.Spend, flags script.Flags) bool {
	return script.Verify(s.Tx, s.In, flags, script.NewMidstates(s.Tx, s.Spent), sigverify.Direct{}) == nil
}

// refuses tells whether btcd cannot parse the key or the signature of one of
// the checks that the spend makes, and lax whether that is so for the signature
// of a check that holds.
func refuses(s *scripttest.Spend) bool { return record(s, s.Flags&^formRules).refused }

func lax(s *scripttest.Spend) bool { return record(s, s.Flags).lax }

func record(s *scripttest.Spend, flags script.Flags) *recorder {
	r := new(recorder)
	script.Verify(s.Tx, s.In, flags, script.NewMidstates(s.Tx, s.Spent), r)
	return r
}

type recorder struct {
	sigverify.Direct
	refused, lax bool
}

func (r *recorder) ECDSA(key, sig []byte, hash *[32]byte) bool {
	ok := r.Direct.ECDSA(key, sig, hash)
	if _, err := btcec.ParsePubKey(key); err != nil {
		r.refused = true
	}
	if _, err := ecdsa.ParseSignature(sig); err != nil {
		r.refused = true
		r.lax = r.lax || ok
	}
	return ok
}

// unknownLeaf tells script path spends of a leaf version other than tapscript's.
func unknownLeaf(s *scripttest.Spend) bool {
	items := s.Tx.In[s.In].Witness
	if n := len(items); n > 1 && len(items[n-1]) > 0 && items[n-1][0] == 0x50 {
		items = items[:n-1]
	}
	n := len(items)
	return s.Kind == scripttest.Tapscript && n > 1 && len(items[n-1]) > 0 && items[n-1][0]&0xfe != script.LeafTapscript
}

func hasSuccess(code []byte) bool {
	t := script.NewTokenizer(code)
	for t.Next() {
		if t.Op().IsSuccess() {
			return true
		}
	}
	return false
}

// hasBadKey tells whether a signature check follows a push that is no key.
func hasBadKey(code []byte) bool {
	t := script.NewTokenizer(code)
	var last []byte
	for t.Next() {
		if t.Op() == script.OpCheckSig || t.Op() == script.OpCheckSigVerify {
			if _, err := btcec.ParsePubKey(last); err != nil {
				return true
			}
		}
		last = t.Data()
	}
	return false
}

func hasOp(code []byte, op script.Opcode) bool {
	t := script.NewTokenizer(code)
	for t.Next() {
		if t.Op() == op {
			return true
		}
	}
	return false
}
