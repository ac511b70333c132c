package params

import (
	"testing"

	"grapevine/internal/u256"
	"grapevine/wire"
)

func networks() []*Params {
	return []*Params{Mainnet(), Testnet3(), Testnet4(), Signet(nil), Regtest(RegtestOptions{})}
}

// The hashes are what the rest of each network calls its first block, so the
// test covers every byte of the genesis constants.
func TestGenesis(t *testing.T) {
	want := map[string][2]string{
		"main":     {"000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"},
		"test":     {"000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943", "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"},
		"testnet4": {"00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043", "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e"},
		"signet":   {"00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6", "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"},
		"regtest":  {"0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206", "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"},
	}
	for _, p := range networks() {
		w := want[p.Name]
		if p.GenesisHash.String() != w[0] || p.Genesis.Hash() != p.GenesisHash {
			t.Errorf("%s: genesis %s", p.Name, p.GenesisHash)
		}
		if p.Genesis.Header.MerkleRoot.String() != w[1] {
			t.Errorf("%s: merkle root %s", p.Name, p.Genesis.Header.MerkleRoot)
		}
		if wire.MerkleRoot(p.Genesis.Txs[0].Txid()) != p.Genesis.Header.MerkleRoot {
			t.Errorf("%s: the root is not the coinbase", p.Name)
		}
		if !p.CheckProofOfWork(p.GenesisHash, p.Genesis.Header.Bits) {
			t.Errorf("%s: genesis without proof of work", p.Name)
		}
		back, err := wire.DecodeBlock(p.Genesis.Raw())
		if err != nil || back.Hash() != p.GenesisHash {
			t.Errorf("%s: genesis does not decode: %v", p.Name, err)
		}
	}
}

// Every network has its own magic, ports and folder, and sane figures.
func TestNetworksDiffer(t *testing.T) {
	magics, ports := map[[4]byte]string{}, map[uint16]string{}
	dirs := map[string]string{}
	for _, p := range networks() {
		if other, ok := magics[p.Magic]; ok {
			t.Errorf("%s and %s share a magic", p.Name, other)
		}
		magics[p.Magic] = p.Name
		for _, port := range []uint16{p.DefaultPort, p.RPCPort} {
			if other, ok := ports[port]; ok {
				t.Errorf("%s and %s share port %d", p.Name, other, port)
			}
			ports[port] = p.Name
		}
		if other, ok := dirs[p.DataDirName]; ok {
			t.Errorf("%s and %s share a folder", p.Name, other)
		}
		dirs[p.DataDirName] = p.Name
		checkFigures(t, p)
	}
}

func checkFigures(t *testing.T, p *Params) {
	t.Helper()
	if p.PowLimit.Compact() != p.Genesis.Header.Bits {
		t.Errorf("%s: limit %08x, genesis %08x", p.Name, p.PowLimit.Compact(), p.Genesis.Header.Bits)
	}
	// One step of retargeting multiplies by up to four times the timespan: the
	// product must fit, or a retarget near the limit would lose bits. Regtest
	// never retargets.
	if span := p.PowLimit.Mul64(4 * uint64(p.TargetTimespan)); !p.NoRetargeting && span.Div(u256.FromUint64(4*uint64(p.TargetTimespan))) != p.PowLimit {
		t.Errorf("%s: retargeting overflows", p.Name)
	}
	want := int32(2016)
	if p.Name == "regtest" {
		want = 144
	}
	if p.RetargetInterval() != want {
		t.Errorf("%s: %d blocks a period", p.Name, p.RetargetInterval())
	}
	last := int32(0)
	for _, a := range p.AssumeUTXO {
		if a.Height <= last || a.ChainTxCount < uint64(a.Height) || a.BlockHash.IsZero() || a.CoinsHash == (CoinsHash{}) {
			t.Errorf("%s: snapshot %+v", p.Name, a)
		}
		last = a.Height
		if got, ok := p.AssumeUTXOFor(a.BlockHash); !ok || got != a {
			t.Errorf("%s: snapshot %d is not found", p.Name, a.Height)
		}
	}
	if _, ok := p.AssumeUTXOFor(p.GenesisHash); ok {
		t.Errorf("%s: a snapshot at genesis", p.Name)
	}
	if p.IsSignet() != (p.Name == "signet") || p.IsTest() != (p.Name != "main") {
		t.Errorf("%s: signet %v, test %v", p.Name, p.IsSignet(), p.IsTest())
	}
	for height, hash := range p.BIP30Repeats {
		if p.Name != "main" || hash.IsZero() || p.BIP30Overwritten[height].String() == hash.String() {
			t.Errorf("%s: repeat at %d", p.Name, height)
		}
	}
}

func TestTarget(t *testing.T) {
	p := Mainnet()
	limit := p.PowLimit.Compact()
	twice := p.PowLimit.Lsh(1).Compact()
	cases := []struct {
		name string
		bits uint32
		ok   bool
	}{
		{"the limit", limit, true},
		{"negative", limit | 0x00800000, false},
		{"overflow", 0xff7fffff, false},
		{"easier than the limit", twice, false},
		{"zero", 0, false},
		{"zero mantissa", 0x1d000000, false},
		{"hardest", 0x01010000, true},
	}
	for _, c := range cases {
		if _, ok := p.Target(c.bits); ok != c.ok {
			t.Errorf("%s (%08x): %v", c.name, c.bits, ok)
		}
	}
	// Modulo 2^256 this would be below the limit.
	if _, ok := Regtest(RegtestOptions{}).Target(0x21010001); ok {
		t.Error("a target past 256 bits passes")
	}
}

func TestMineOnDemand(t *testing.T) {
	if !Regtest(RegtestOptions{}).MineOnDemand() || Mainnet().MineOnDemand() {
		t.Error("blocks can be found at once on regtest alone")
	}
}

// A hash equal to the target passes, one above it does not.
func TestCheckProofOfWork(t *testing.T) {
	p := Mainnet()
	target, _ := p.Target(0x1d00ffff)
	above := target.Add(u256.FromUint64(1))
	if !p.CheckProofOfWork(target.LE(), 0x1d00ffff) {
		t.Error("a hash at the target fails")
	}
	if p.CheckProofOfWork(above.LE(), 0x1d00ffff) {
		t.Error("a hash above the target passes")
	}
	if p.CheckProofOfWork(wire.BlockHash{}, 0) {
		t.Error("a target of zero passes")
	}
}

func TestSignetChallenge(t *testing.T) {
	if got := Signet(nil).Magic; got != [4]byte{0x0a, 0x03, 0xcf, 0x40} {
		t.Errorf("magic of the public signet: %x", got)
	}
	if p := Signet(nil); p.MinimumChainWork.IsZero() || p.AssumeValid.IsZero() || p.ChainTxData.TxCount == 0 {
		t.Error("nothing is known of the public signet's history")
	}
	own := Signet([]byte{0x51})
	if own.Magic != [4]byte{0x54, 0xd2, 0x6f, 0xbd} {
		t.Errorf("magic of the OP_TRUE signet: %x", own.Magic)
	}
	if !own.MinimumChainWork.IsZero() || !own.AssumeValid.IsZero() || own.ChainTxData != (ChainTxData{}) {
		t.Error("a private signet trusts the public one's history")
	}
	if !Signet([]byte{}).IsSignet() {
		t.Error("an empty challenge makes no signet")
	}
}

func TestNew(t *testing.T) {
	for _, p := range networks() {
		got, err := ByName(p.Name)
		if err != nil || got.GenesisHash != p.GenesisHash || got.Magic != p.Magic {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	if _, err := ByName("testnet3"); err == nil || err.Error() != "Unknown chain testnet3." {
		t.Errorf("unknown name: %v", err)
	}
	var o Options
	if err := o.Deployments.AddActivationHeight("segwit@7"); err != nil {
		t.Fatal(err)
	}
	o.SignetChallenge = []byte{0x51}
	for _, name := range []string{"main", "test", "testnet4", "signet", "regtest"} {
		p, err := New(name, o)
		if err != nil || p.SegwitHeight != 7 {
			t.Errorf("%s: segwit at %d, %v", name, p.SegwitHeight, err)
		}
	}
	p, _ := New("regtest", Options{FastPrune: true, EnforceBIP94: true})
	if p.PruneAfterHeight != 100 || !p.EnforceBIP94 {
		t.Error("regtest options are lost")
	}
}

func TestActivationHeights(t *testing.T) {
	var o DeploymentOptions
	for _, arg := range []string{"bip34@2", "dersig@3", "cltv@4", "csv@5", "segwit@6", "segwit@7"} {
		if err := o.AddActivationHeight(arg); err != nil {
			t.Fatal(err)
		}
	}
	p := Regtest(RegtestOptions{Deployments: o})
	want := []BuriedFork{{"bip34", 2}, {"bip66", 3}, {"bip65", 4}, {"csv", 5}, {"segwit", 7}}
	for i, got := range p.Buried() {
		if got != want[i] {
			t.Errorf("%+v, want %+v", got, want[i])
		}
	}
	refused := map[string]string{
		"segwit":            "Invalid format (segwit) for -testactivationheight=name@height.",
		"segwit@-1":         "Invalid height value (segwit@-1) for -testactivationheight=name@height.",
		"segwit@+1":         "Invalid height value (segwit@+1) for -testactivationheight=name@height.",
		"segwit@2147483647": "Invalid height value (segwit@2147483647) for -testactivationheight=name@height.",
		"segwit@x":          "Invalid height value (segwit@x) for -testactivationheight=name@height.",
		"taproot@5":         "Invalid name (taproot@5) for -testactivationheight=name@height.",
	}
	for arg, text := range refused {
		if err := o.AddActivationHeight(arg); err == nil || err.Error() != text {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func TestVersionBitsParameters(t *testing.T) {
	var o DeploymentOptions
	if err := o.AddVersionBits("testdummy:-1:99:144"); err != nil {
		t.Fatal(err)
	}
	d := Regtest(RegtestOptions{Deployments: o}).Deployments[0]
	if d.StartTime != AlwaysActive || d.Timeout != 99 || d.MinActivationHeight != 144 || d.Period != 144 {
		t.Errorf("%+v", d)
	}
	if err := o.AddVersionBits("testdummy:5:6"); err != nil || o.VersionBits["testdummy"] != (VersionBits{5, 6, 0}) {
		t.Errorf("%+v, %v", o.VersionBits, err)
	}
	refused := map[string]string{
		"testdummy:1":       "Version bits parameters malformed, expecting deployment:start:end[:min_activation_height]",
		"testdummy:1:2:3:4": "Version bits parameters malformed, expecting deployment:start:end[:min_activation_height]",
		"testdummy:x:2":     "Invalid nStartTime (x)",
		"testdummy:1:x":     "Invalid nTimeout (x)",
		"testdummy:1:2:x":   "Invalid min_activation_height (x)",
		"segwit:1:2":        "Invalid deployment (segwit)",
	}
	for arg, text := range refused {
		if err := o.AddVersionBits(arg); err == nil || err.Error() != text {
			t.Errorf("%s: %v", arg, err)
		}
	}
}
