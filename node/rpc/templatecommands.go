package rpc

func (t *templates) commands() []Command {
	return []Command{{
		Category: "mining", Name: "getblocktemplate", Handler: t.getBlockTemplate,
		Description: "What a miner needs to build the next block (BIP 22, 23, 9 and 145), or in mode proposal a verdict on a block without proof of work.",
		Args: []Arg{{Names: "template_request", Type: ArgObj, Description: "what is asked for", Inner: []Arg{
			{Names: "mode", Type: ArgStr, Optional: true, Description: "template or proposal; left out it is template"},
			{Names: "capabilities", Type: ArgArr, Optional: true, Description: "what the miner's program can do",
				Inner: []Arg{{Names: "str", Type: ArgStr, Optional: true, Description: "longpoll, coinbasevalue, proposal, serverlist, workid"}}},
			{Names: "rules", Type: ArgArr, Description: "rules that the miner's program knows",
				Inner: []Arg{
					{Names: "segwit", Type: ArgStr, Description: "has to be among them"},
					{Names: "str", Type: ArgStr, Optional: true, Description: "another rule"},
				}},
			{Names: "longpollid", Type: ArgStr, Optional: true, Description: "the longpollid of an earlier template, to wait until that is out of date"},
			{Names: "data", Type: ArgHex, Optional: true, Description: "the block, for mode proposal"},
		}}},
		Results: []Result{
			{Cond: "for mode = proposal, when the block is valid", Type: ResNone},
			{Cond: "for mode = proposal, otherwise", Type: ResStr, Description: "the rule that it breaks"},
			{Cond: "otherwise", Type: ResObj, Inner: templateResults()},
		},
		Examples: examples("getblocktemplate", `'{"rules": ["segwit"]}'`, `{"rules": ["segwit"]}`),
	}}
}

func templateResults() []Result {
	num := func(key, what string) Result { return Result{Type: ResNum, Key: key, Description: what} }
	hex := func(key, what string) Result { return Result{Type: ResHex, Key: key, Description: what} }
	return []Result{
		num("version", "version of the block"),
		{Type: ResArr, Key: "rules", Description: "rules in force, with a ! where building a block takes knowing them", Inner: []Result{{Type: ResStr, Description: "a rule"}}},
		{Type: ResObjDyn, Key: "vbavailable", Description: "rules that a block may signal", Inner: []Result{num("rulename", "bit of the version")}},
		{Type: ResArr, Key: "capabilities", Description: "what this server can do", Inner: []Result{{Type: ResStr, Description: "a capability"}}},
		num("vbrequired", "bits that have to be set"),
		hex("previousblockhash", "the tip"),
		{Type: ResArr, Key: "transactions", Description: "transactions to put behind the coinbase", Inner: []Result{{Type: ResObj, Inner: []Result{
			hex("data", "the transaction"), hex("txid", "hash without witness"), hex("hash", "hash with witness"),
			{Type: ResArr, Key: "depends", Description: "transactions of the list, counted from 1, that it spends from", Inner: []Result{{Type: ResNum, Description: "a place"}}},
			num("fee", "fee in satoshis"), num("sigops", "cost of signature operations"), num("weight", "weight of BIP 141"),
		}}}},
		{Type: ResObjDyn, Key: "coinbaseaux", Description: "what the coinbase script has to hold", Inner: []Result{hex("key", "bytes")}},
		num("coinbasevalue", "what the coinbase may pay, in satoshis"),
		{Type: ResStr, Key: "longpollid", Description: "to wait for the next template"},
		{Type: ResStr, Key: "target", Description: "highest hash"},
		{Type: ResTime, Key: "mintime", Description: "earliest time of the block"},
		{Type: ResArr, Key: "mutable", Description: "what the miner may change", Inner: []Result{{Type: ResStr, Description: "time, transactions, prevblock"}}},
		hex("noncerange", "nonces to use"),
		num("sigoplimit", "signature operations of a block"), num("sizelimit", "bytes of a block"),
		{Type: ResNum, Key: "weightlimit", Optional: true, Description: "weight of a block"},
		{Type: ResTime, Key: "curtime", Description: "time for the block"},
		{Type: ResStr, Key: "bits", Description: "target in compact form"},
		num("height", "height of the block"),
		{Type: ResHex, Key: "signet_challenge", Optional: true, Description: "script that a block of a signet has to solve"},
		{Type: ResHex, Key: "default_witness_commitment", Optional: true, Description: "output script that commits to the witnesses of these transactions"},
	}
}
