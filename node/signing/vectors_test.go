package signing

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/internal/testdata"
	"grapevine/wire"
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// secret reads a key in wallet import format.
func secret(tb testing.TB, wif string, p *params.Params) script.Secret {
	tb.Helper()
	s, ok := script.DecodeSecret(wif, p)
	if !ok {
		tb.Fatalf("%s is no key", wif)
	}
	return s
}

// The signatures that Bitcoin Core's unit test of keys (MIT) expects of these
// keys for one message: the form of the public key makes no difference.
func TestDeterministicECDSA(t *testing.T) {
	hash := wire.DoubleSHA256([]byte("Very deterministic message"))
	for _, c := range []struct{ wif, want string }{
		{"5HxWvvfubhXpYYpS3tJkw6fq9jE9j18THftkZjHHfmFiWtmAbrj", "304402205dbbddda71772d95ce91cd2d14b592cfbc1dd0aabd6a394b6c2d377bbe59d31d022014ddda21494a4e221f0824f0b8b924c43fa43c0ad57dccdaa11f81a6bd4582f6"},
		{"Kwr371tjA9u2rFSMZjTNun2PXXP3WPZu2afRHTcta6KxEUdm1vEw", "304402205dbbddda71772d95ce91cd2d14b592cfbc1dd0aabd6a394b6c2d377bbe59d31d022014ddda21494a4e221f0824f0b8b924c43fa43c0ad57dccdaa11f81a6bd4582f6"},
		{"5KC4ejrDjv152FGwP386VD1i2NYc5KkfSMyv1nGy1VGDxGHqVY3", "3044022052d8a32079c11e79db95af63bb9600c5b04f21a9ca33dc129c2bfa8ac9dc1cd5022061d8ae5e0f6c1a16bde3719c64c2fd70e404b6428ab9a69566962e8771b5944d"},
		{"L3Hq7a8FEQwJkW1M2GNKDW28546Vp5miewcCzSqUD9kCAXrJdS3g", "3044022052d8a32079c11e79db95af63bb9600c5b04f21a9ca33dc129c2bfa8ac9dc1cd5022061d8ae5e0f6c1a16bde3719c64c2fd70e404b6428ab9a69566962e8771b5944d"},
	} {
		key := secret(t, c.wif, params.Mainnet())
		if got := hex.EncodeToString(signECDSA(&key.Key, &hash)); got != c.want {
			t.Errorf("%s: %s, want %s", c.wif, got, c.want)
		}
	}
}

// The vectors of BIP 341: every key path spend, with trees and without.
func TestBIP341KeyPath(t *testing.T) {
	data, err := os.ReadFile(testdata.Shared(t, "vectors/core/bip341_wallet_vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		KeyPathSpending []struct {
			Given struct {
				RawUnsignedTx string
				UTXOsSpent    []struct {
					ScriptPubKey string
					AmountSats   int64
				}
			}
			InputSpending []struct {
				Given struct {
					TxinIndex       int
					InternalPrivkey string
					MerkleRoot      *string
					HashType        script.HashType
				}
				Intermediary struct{ TweakedPrivkey string }
				Expected     struct{ Witness []string }
			}
			Auxiliary struct{ FullySignedTx string }
		}
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, v := range vectors.KeyPathSpending {
		tx, err := wire.DecodeTxNoWitness(unhex(t, v.Given.RawUnsignedTx))
		if err != nil {
			t.Fatal(err)
		}
		var spent []wire.TxOut
		for _, o := range v.Given.UTXOsSpent {
			spent = append(spent, wire.TxOut{Value: wire.Amount(o.AmountSats), PkScript: unhex(t, o.ScriptPubKey)})
		}
		m := script.NewMidstates(tx, spent)
		m.Prepare(tx)
		for _, in := range v.InputSpending {
			key := [32]byte(unhex(t, in.Given.InternalPrivkey))
			var root *[32]byte
			if in.Given.MerkleRoot != nil {
				root = (*[32]byte)(unhex(t, *in.Given.MerkleRoot))
			}
			if tweaked, ok := tweakKey(&key, root); !ok || hex.EncodeToString(tweaked[:]) != in.Intermediary.TweakedPrivkey {
				t.Errorf("input %d: key %x, want %s", in.Given.TxinIndex, tweaked, in.Intermediary.TweakedPrivkey)
			}
			hash, ok := script.TaprootSigHash(m, tx, in.Given.TxinIndex, in.Given.HashType, &script.TaprootSpend{})
			if !ok {
				t.Fatalf("input %d: no hash", in.Given.TxinIndex)
			}
			sig, ok := signSchnorr(&key, &hash, true, root)
			if in.Given.HashType != script.SigHashDefault {
				sig = append(sig, byte(in.Given.HashType))
			}
			if got := hex.EncodeToString(sig); !ok || got != in.Expected.Witness[0] {
				t.Errorf("input %d: %s, want %s", in.Given.TxinIndex, got, in.Expected.Witness[0])
			}
			n++
		}
	}
	if n != 7 {
		t.Errorf("%d cases, want 7", n)
	}
	t.Logf("%d cases", n)
}

// BIP 143's examples of P2WPKH, alone and below P2SH, to the letter: their first
// nonce happens to have a low R.
func TestBIP143Examples(t *testing.T) {
	nested := unhex(t, "001479091972186c449eb1ded22b78e40d009bdf0089")
	var keys Keyring
	keys.AddKey(script.Secret{Key: [32]byte(unhex(t, "eb696a065ef48a2192da5b28b694f87544b30fae8327c4510137a922f32c6dcf")), Compressed: true})
	keys.AddScript(nested)
	tx, err := wire.DecodeTxNoWitness(unhex(t, "0100000001db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a54770100000000feffffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac92040000"))
	if err != nil {
		t.Fatal(err)
	}
	spent := []Spent{{Known: true, Out: wire.TxOut{Value: 10 * wire.Coin, PkScript: unhex(t, "a9144733f37cf4db86fbc2efed2500b4f4e49f31202387")}}}
	tx, errs := Transaction(tx, spent, &keys, script.SigHashDefault)
	if errs != nil {
		t.Fatal(errs[0])
	}
	const want = "01000000000101db6b1b20aa0fd7b23880be2ecbd4a98130974cf4748fb66092ac4d3ceb1a5477010000001716001479091972186c449eb1ded22b78e40d009bdf0089feffffff02b8b4eb0b000000001976a914a457b684d7f0d539a46a45bbc043f35b59d0d96388ac0008af2f000000001976a914fd270b1ee6abcaea97fea7ad0402e8bd8ad6d77c88ac02473044022047ac8e878352d3ebbde1c94ce3a10d057c24175747116f8288e5d794d12d482f0220217f36a485cae903c713331d877c1f64677e3622ad4010726870540656fe9dcb012103ad1d8e89212f0b92c74d23bb710c00662ad1470198ac48c43f7d6f93a2a2687392040000"
	if got := hex.EncodeToString(tx.AppendTo(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
