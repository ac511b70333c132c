package consensus

import (
	"testing"

	"grapevine/chain/params"
	"grapevine/chain/script"
	"grapevine/wire"
)

// All that will ever be created, summed over every block.
func TestSubsidySum(t *testing.T) {
	p := params.Mainnet()
	var sum wire.Amount
	for height := int32(0); height < 14_000_000; height += 1000 {
		s := Subsidy(height, p)
		if s > 50*wire.Coin {
			t.Fatalf("%d at %d", s, height)
		}
		sum += s * 1000
		if !sum.InRange() {
			t.Fatalf("more than all the money at %d", height)
		}
	}
	if sum != 2099999997690000 {
		t.Errorf("sum %d", sum)
	}
}

func TestSubsidyHalves(t *testing.T) {
	for _, p := range []*params.Params{params.Mainnet(), regtest()} {
		last := 100 * wire.Coin
		for i := range int32(64) {
			first := i * p.SubsidyHalvingInterval
			if got := Subsidy(first, p); got != last/2 || Subsidy(first+p.SubsidyHalvingInterval-1, p) != got {
				t.Fatalf("%s: %d at %d", p.Name, got, first)
			}
			last /= 2
		}
		if got := Subsidy(64*p.SubsidyHalvingInterval, p); got != 0 {
			t.Errorf("%s: %d after 64 halvings", p.Name, got)
		}
	}
	// A shift by 64 and more must not wrap on a network that halves fast.
	p := regtest()
	p.SubsidyHalvingInterval = 1
	for _, height := range []int32{64, 65, 128, 1 << 30} {
		if got := Subsidy(height, p); got != 0 {
			t.Errorf("%d at %d", got, height)
		}
	}
}

func TestScriptFlagsAt(t *testing.T) {
	p := params.Mainnet()
	always := script.VerifyP2SH | script.VerifyWitness | script.VerifyTaproot
	cases := []struct {
		height int32
		want   script.Flags
	}{
		{1, always},
		{363724, always},
		{363725, always | script.VerifyDERSig},
		{388380, always | script.VerifyDERSig},
		{388381, always | script.VerifyDERSig | script.VerifyCheckLockTime},
		{419327, always | script.VerifyDERSig | script.VerifyCheckLockTime},
		{419328, always | script.VerifyDERSig | script.VerifyCheckLockTime | script.VerifyCheckSequence},
		{481823, always | script.VerifyDERSig | script.VerifyCheckLockTime | script.VerifyCheckSequence},
		{481824, script.MandatoryFlags},
	}
	for _, c := range cases {
		if got := ScriptFlagsAt(c.height, wire.BlockHash{1}, p); got != c.want {
			t.Errorf("%d: %v, want %v", c.height, got.Names(), c.want.Names())
		}
	}
	exceptions := []struct {
		p      *params.Params
		height int32
		hash   string
		want   script.Flags
	}{
		{p, 170060, "00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22", 0},
		{p, 692261, "0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad", script.MandatoryFlags &^ script.VerifyTaproot},
		{params.Testnet3(), 514, "00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105", 0},
	}
	for _, e := range exceptions {
		hash, err := wire.ParseBlockHash(e.hash)
		if err != nil {
			t.Fatal(err)
		}
		if got := ScriptFlagsAt(e.height, hash, e.p); got != e.want {
			t.Errorf("%s: %v, want %v", e.hash, got.Names(), e.want.Names())
		}
		if got := ScriptFlagsAt(e.height, hash, regtest()); got != script.MandatoryFlags {
			t.Errorf("%s on regtest: %v", e.hash, got.Names())
		}
	}
	if count := len(p.ScriptFlagExceptions) + len(params.Testnet3().ScriptFlagExceptions); count != len(exceptions) {
		t.Errorf("%d exceptions", count)
	}
}

func TestEnforcesBIP30(t *testing.T) {
	p := params.Mainnet()
	hash := func(s string) wire.BlockHash {
		h, err := wire.ParseBlockHash(s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	repeat1 := hash("00000000000a4d0a398161ffc163c503763b1f4360639393e0e4c8e300e0caec")
	repeat2 := hash("00000000000743f190a18c5577a3c2d2a1f610ae9601ac046a38084ccb7cd721")
	own, other := p.BIP34Hash, wire.BlockHash{9}
	cases := []struct {
		name   string
		p      *params.Params
		height int32
		hash   wire.BlockHash
		at34   wire.BlockHash
		want   bool
	}{
		{"early", p, 1000, other, wire.BlockHash{}, true},
		{"first repeat", p, 91842, repeat1, wire.BlockHash{}, false},
		{"second repeat", p, 91880, repeat2, wire.BlockHash{}, false},
		{"another block at that height", p, 91842, other, wire.BlockHash{}, true},
		{"a repeat elsewhere", p, 91843, repeat1, wire.BlockHash{}, true},
		{"above BIP 34 on the known chain", p, 300000, other, own, false},
		{"above BIP 34 on another chain", p, 300000, other, other, true},
		{"last below the limit", p, 1983701, other, own, false},
		{"from the limit on", p, 1983702, other, own, true},
		{"unknown BIP 34 block", regtest(), 300, other, other, true},
		{"unknown BIP 34 block, chain too short", regtest(), 1, other, wire.BlockHash{}, true},
	}
	for _, c := range cases {
		if got := EnforcesBIP30(c.height, c.hash, c.at34, c.p); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	lost1 := hash("00000000000271a2dc26e7667f8419f2e15416dc6955e5a6c6cdf3f2574dd08e")
	lost2 := hash("00000000000af0aed4792b1acee3d966af36cf5def14935db8de83d6f9306f2f")
	if !IsBIP30Overwritten(91722, lost1, p) || !IsBIP30Overwritten(91812, lost2, p) {
		t.Error("the two blocks that lost their coinbase are not known")
	}
	if IsBIP30Overwritten(91722, lost2, p) || IsBIP30Overwritten(91842, repeat1, p) || IsBIP30Overwritten(91722, lost1, regtest()) {
		t.Error("other blocks lost theirs")
	}
	if none := (wire.BlockHash{}); IsBIP30Repeat(1, none, p) || IsBIP30Overwritten(1, none, p) {
		t.Error("a block without a hash is an exception")
	}
}
