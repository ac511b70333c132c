package rpc

import (
	"fmt"
	"strings"
	"testing"

	"grapevine/chain/params"
)

// differs reports how a value differs from what is documented; "" when it does
// not. Their order is compared elsewhere, with recorded answers.
func (r *Result) differs(v Value) string {
	kinds := map[ResultType]Kind{
		ResObj: Object, ResArr: Array, ResArrFixed: Array, ResObjDyn: Object, ResStr: String, ResHex: String,
		ResAmount: Number, ResNum: Number, ResTime: Number, ResBool: Bool, ResNone: Null,
	}
	if want, ok := kinds[r.Type]; ok && v.Kind() != want {
		return fmt.Sprintf("is a %s, documented as %s", v.Kind(), want)
	}
	switch r.Type {
	case ResObj:
		return r.differsObject(v)
	case ResArr, ResObjDyn:
		for i := range v.Len() {
			if d := r.Inner[0].differs(v.At(i)); d != "" {
				return fmt.Sprintf("element %d %s", i, d)
			}
		}
	case ResArrFixed:
		if v.Len() != len(r.Inner) {
			return fmt.Sprintf("has %d elements, documented with %d", v.Len(), len(r.Inner))
		}
	}
	return ""
}

func (r *Result) differsObject(v Value) string {
	documented := map[string]bool{}
	for i := range r.Inner {
		in := &r.Inner[i]
		documented[in.Key] = true
		member, ok := v.Lookup(in.Key)
		switch {
		case !ok && !in.Optional:
			return "lacks " + in.Key
		case ok:
			if d := in.differs(member); d != "" {
				return in.Key + " " + d
			}
		}
	}
	for i := range v.Len() {
		if !documented[v.KeyAt(i)] {
			return "has " + v.KeyAt(i) + ", which is not documented"
		}
	}
	return ""
}

// Every method answers what its help text says, at each verbosity.
func TestAnswersAreDocumented(t *testing.T) {
	f, tip, txs := spendingChain(t)
	table := f.table(t)
	hash := `"` + tip.Hash().String() + `"`
	id := `"` + txs[0].Txid().String() + `"`
	checkDocumented(t, table, []string{
		"getblockcount", "getbestblockhash", "getdifficulty", "getblockhash 1", "getblockheader " + hash, "getblockheader " + hash + ", false",
		"getblock " + hash + ", 0", "getblock " + hash, "getblock " + hash + ", 2", "getblock " + hash + ", 3",
		`getblock "` + f.p.GenesisHash.String() + `", 3`, "getblockchaininfo", "getchainstates", "getchaintips", "getchaintxstats",
		"getchaintxstats 2", "getdeploymentinfo", "gettxout " + id + ", 0", "gettxout " + id + ", 9", "gettxoutsetinfo", `gettxoutsetinfo "muhash"`,
		`gettxoutsetinfo "none"`, "getblockstats 4", `getblockstats 4, ["txs"]`,
		"getrawtransaction " + id + ", 0, " + hash, "getrawtransaction " + id + ", 1, " + hash, "getrawtransaction " + id + ", 2, " + hash,
		`decoderawtransaction "` + bareTx("51") + `"`, `decodescript "51"`, `decodescript "6a"`, `decodescript "0014` + strings.Repeat("22", 20) + `"`,
		`validateaddress "` + payee + `"`, `validateaddress "x"`, `getdescriptorinfo "raw(51)"`, "getindexinfo", "getnetworkhashps", "getmininginfo",
		`submitblock "` + fmt.Sprintf("%x", f.blocks[tip.Hash()].Raw()) + `"`, `submitheader "` + fmt.Sprintf("%x", f.blocks[tip.Hash()].Raw()[:80]) + `"`,
		`generatetoaddress 1, "` + payee + `"`, `generatetodescriptor 1, "raw(51)"`, `generateblock "raw(51)", [], false`, `generateblock "raw(51)", []`,
		"verifychain", "preciousblock " + hash, "invalidateblock " + hash, "reconsiderblock " + hash,
		`waitfornewblock 0, "` + strings.Repeat("00", 32) + `"`, "waitforblockheight 1", "waitforblock " + hash + ", 1", `getblocktemplate {"rules":["segwit"]}`,
		`getblocktemplate {"mode":"proposal","data":"` + fmt.Sprintf("%x", f.blocks[tip.Hash()].Raw()) + `"}`,
	})
}

// checkDocumented makes the calls and compares the answers with the help texts.
// Every method of the table must be among them.
func checkDocumented(t *testing.T, table *Table, calls []string) {
	t.Helper()
	asked := map[string]bool{}
	for _, c := range calls {
		name, args, _ := strings.Cut(c, " ")
		asked[name] = true
		answer, err := ask(t, table, name, args)
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		v, _ := ParseJSON([]byte(answer))
		var why []string
		for i := range table.methods[name].Results {
			d := table.methods[name].Results[i].differs(v)
			if d == "" {
				why = nil
				break
			}
			why = append(why, d)
		}
		if why != nil {
			t.Errorf("%s: the answer %s: %.200s", c, strings.Join(why, " or "), answer)
		}
	}
	for name, m := range table.methods {
		if !asked[name] && name != "generate" {
			t.Errorf("%s was not asked", name)
		}
		if help := m.help(); !strings.HasPrefix(help, name) || len(m.Description) < 20 || (m.Examples == "" && name != "generate") {
			t.Errorf("help of %s:\n%s", name, help)
		}
	}
}

func TestVersionBits(t *testing.T) {
	always := params.DeploymentOptions{VersionBits: map[string]params.VersionBits{"testdummy": {StartTime: params.AlwaysActive, Timeout: params.NoTimeout}}}
	for _, c := range []struct {
		name string
		o    params.RegtestOptions
		want string
	}{
		{"no height yet", params.RegtestOptions{}, `"testdummy":{"type":"bip9","active":false,"bip9":{"start_time":0,`},
		{"always active", params.RegtestOptions{Deployments: always}, `"testdummy":{"type":"bip9","height":0,"active":true,"bip9":{"start_time":-1,`},
	} {
		got, err := ask(t, newFakeLedger(params.Regtest(c.o)).table(t), "getdeploymentinfo", "")
		if err != nil || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s %v", c.name, got, err)
		}
	}
}

// Public networks list taproot, which wallets look for; regtest does not.
func TestDeployments(t *testing.T) {
	for _, c := range []struct {
		p    *params.Params
		want string
	}{
		{params.Mainnet(), `"taproot":{"type":"buried","active":false,"height":709632}}}`},
		{params.Signet(nil), `"taproot":{"type":"buried","active":true,"height":0}}}`},
		{params.Regtest(params.RegtestOptions{}), `"status_next":"defined"}}}}`},
	} {
		got, err := ask(t, newFakeLedger(c.p).table(t), "getdeploymentinfo", "")
		if err != nil || !strings.HasSuffix(got, c.want) || !strings.Contains(got, `"deployments":{"bip34":{"type":"buried","active":`) {
			t.Errorf("%s: %s %v", c.p.Name, got, err)
		}
	}
}
