package rpc

import "context"

// hashesResult documents the hashes of blocks that a call has made.
func hashesResult() []Result {
	return []Result{{Type: ResArr, Description: "the blocks that were made", Inner: []Result{{Type: ResHex, Description: "hash of a block"}}}}
}

func argTries() Arg {
	return Arg{Names: "maxtries", Type: ArgNum, Default: "1000000", Description: "hashes to try before giving up"}
}

func (l *ledger) miningCommands() []Command {
	return append([]Command{
		{
			Category: "mining", Name: "getnetworkhashps", Handler: l.getNetworkHashPS,
			Description: "Estimates the hashes a second of all miners from the time that blocks took.",
			Args: []Arg{
				{Names: "nblocks", Type: ArgNum, Default: "120", Description: "blocks to look at, -1 for those since the last change of difficulty"},
				{Names: "height", Type: ArgNum, Default: "-1", Description: "last block to look at, -1 for the tip"},
			},
			Results:  []Result{{Type: ResNum, Description: "hashes a second"}},
			Examples: examples("getnetworkhashps", "", ""),
		}, {
			Category: "mining", Name: "getmininginfo", Handler: l.getMiningInfo,
			Description: "What a miner wants to know of the chain.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "blocks", Description: "height of the tip"},
				{Type: ResNum, Key: "currentblockweight", Optional: true, Description: "weight of the last block that was put together, what is reserved included"},
				{Type: ResNum, Key: "currentblocktx", Optional: true, Description: "transactions of that block besides the coinbase"},
				{Type: ResHex, Key: "bits", Description: "target of the tip in compact form"},
				{Type: ResNum, Key: "difficulty", Description: "difficulty of the tip"},
				{Type: ResHex, Key: "target", Description: "target of the tip"},
				{Type: ResNum, Key: "networkhashps", Description: "estimated hashes a second of all miners"},
				{Type: ResNum, Key: "pooledtx", Description: "transactions that wait for a block"},
				{Type: ResAmount, Key: "blockmintxfee", Description: "lowest fee rate that gets into a template, in bitcoins for 1,000 virtual bytes"},
				{Type: ResStr, Key: "chain", Description: "network"},
				{Type: ResObj, Key: "next", Description: "the next block", Inner: []Result{
					{Type: ResNum, Key: "height", Description: "its height"},
					{Type: ResHex, Key: "bits", Description: "its target in compact form"},
					{Type: ResNum, Key: "difficulty", Description: "its difficulty"},
					{Type: ResHex, Key: "target", Description: "its target"},
				}},
				challengeResult(), warningsResult(),
			}}},
			Examples: examples("getmininginfo", "", ""),
		}, {
			Category: "mining", Name: "submitblock", Handler: l.submitBlock,
			Description: "Hands in a block (BIP 22) and waits for the verdict.",
			Args: []Arg{
				{Names: "hexdata", Type: ArgHex, Description: "the block"},
				{Names: "dummy", Type: ArgStr, Hint: "ignored", Description: "of no effect"},
			},
			Results: []Result{
				{Cond: "when it is in the active chain now", Type: ResNone},
				{Cond: "otherwise", Type: ResStr, Description: "why not: duplicate, inconclusive or the rule that it breaks"},
			},
			Examples: examples("submitblock", `"hexdata"`, `"hexdata"`),
		}, {
			Category: "mining", Name: "submitheader", Handler: l.submitHeader,
			Description: "Hands in a block header whose parent is known. A header that breaks a rule is an error.",
			Args:        []Arg{{Names: "hexdata", Type: ArgHex, Description: "the header, 80 bytes"}},
			Results:     []Result{{Type: ResNone}},
			Examples:    examples("submitheader", `"hexdata"`, `"hexdata"`),
		},
	}, l.generateCommands()...)
}

func (l *ledger) generateCommands() []Command {
	return []Command{
		{
			Category: "hidden", Name: "generatetoaddress", Handler: l.generateToAddress,
			Description: "Mines blocks at once that pay an address; meant for regtest.",
			Args: []Arg{
				{Names: "nblocks", Type: ArgNum, Description: "blocks to mine"},
				{Names: "address", Type: ArgStr, Description: "address that gets the new coins"},
				argTries(),
			},
			Results:  hashesResult(),
			Examples: ExampleCLI("generatetoaddress", `101 "address"`),
		}, {
			Category: "hidden", Name: "generatetodescriptor", Handler: l.generateToDescriptor,
			Description: "Mines blocks at once that pay the script of a descriptor; meant for regtest.",
			Args: []Arg{
				{Names: "num_blocks", Type: ArgNum, Description: "blocks to mine"},
				{Names: "descriptor", Type: ArgStr, Description: "descriptor of the script that gets the new coins"},
				argTries(),
			},
			Results:  hashesResult(),
			Examples: ExampleCLI("generatetodescriptor", `101 "descriptor"`),
		}, {
			Category: "hidden", Name: "generateblock", Handler: l.generateBlock,
			Description: "Mines one block of the given transactions in their order; their fees are left unclaimed. Meant for regtest.",
			Args: []Arg{
				{Names: "output", Type: ArgStr, Description: "address or descriptor that gets the new coins"},
				{Names: "transactions", Type: ArgArr, Description: "the transactions: in hex, or ids of such as wait in the pool",
					Inner: []Arg{{Names: "rawtx/txid", Type: ArgHex, Optional: true}}},
				{Names: "submit", Type: ArgBool, Default: "true", Description: "true to hand the block in, false to return it"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResHex, Key: "hash", Description: "hash of the block"},
				{Type: ResHex, Key: "hex", Optional: true, Description: "the block, for submit = false"},
			}}},
			Examples: ExampleCLI("generateblock", `"address" '["hexstring"]'`),
		}, {
			Category: "hidden", Name: "generate",
			Description: "Replaced by the -generate option of the command line client.",
			Handler: func(_ context.Context, r *Request, _ *Writer) error {
				return Errorf(CodeMethodNotFound, "%s", r.HelpError())
			},
		},
	}
}

func (l *ledger) scriptCommands() []Command {
	return []Command{
		{
			Category: "util", Name: "validateaddress", Handler: l.validateAddress,
			Description: "Tells whether a text is an address of this network and what it stands for.",
			Args:        []Arg{{Names: "address", Type: ArgStr, Description: "the text"}},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResBool, Key: "isvalid", Description: "whether it is an address"},
				{Type: ResStr, Key: "address", Optional: true, Description: "the address in its usual spelling"},
				{Type: ResHex, Key: "scriptPubKey", Optional: true, Description: "output script that pays it"},
				{Type: ResBool, Key: "isscript", Optional: true, Description: "whether it stands for a script"},
				{Type: ResBool, Key: "iswitness", Optional: true, Description: "whether it is a witness program"},
				{Type: ResNum, Key: "witness_version", Optional: true, Description: "version of the witness program"},
				{Type: ResHex, Key: "witness_program", Optional: true, Description: "the witness program"},
				{Type: ResArr, Key: "error_locations", Optional: true, Description: "where it seems to be mistyped, counted from 0", Inner: []Result{{Type: ResNum, Description: "a position"}}},
				{Type: ResStr, Key: "error", Optional: true, Description: "why it is no address"},
			}}},
			Examples: examples("validateaddress", `"address"`, `"address"`),
		}, {
			Category: "rawtransactions", Name: "decodescript", Handler: l.decodeScript,
			Description: "Shows what a script in hex says, and the addresses of outputs that would wrap it.",
			Args:        []Arg{{Names: "hexstring", Type: ArgHex, Description: "the script"}},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResStr, Key: "asm", Description: "the script in words"},
				{Type: ResStr, Key: "desc", Description: "a descriptor of it"},
				{Type: ResStr, Key: "address", Optional: true, Description: "its address, where it has one"},
				{Type: ResStr, Key: "type", Description: "its template, such as pubkeyhash or witness_v1_taproot"},
				{Type: ResStr, Key: "p2sh", Optional: true, Description: "address of it below a script hash"},
				{Type: ResObj, Key: "segwit", Optional: true, Description: "the witness output that would carry it",
					Inner: append(scriptResults(), Result{Type: ResStr, Key: "p2sh-segwit", Description: "address of that output below a script hash"})},
			}}},
			Examples: examples("decodescript", `"hexstring"`, `"hexstring"`),
		}, {
			Category: "util", Name: "getdescriptorinfo", Handler: l.getDescriptorInfo,
			Description: "Tells what a descriptor is and its checksum.",
			Args:        []Arg{{Names: "descriptor", Type: ArgStr, Description: "the descriptor"}},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResStr, Key: "descriptor", Description: "the descriptor in its usual spelling, without private keys; the first of several"},
				{Type: ResArr, Key: "multipath_expansion", Optional: true, Description: "all descriptors that alternatives in it stand for", Inner: []Result{{Type: ResStr, Description: "a descriptor"}}},
				{Type: ResStr, Key: "checksum", Description: "checksum of the descriptor as it was given"},
				{Type: ResBool, Key: "isrange", Description: "whether it stands for many scripts"},
				{Type: ResBool, Key: "issolvable", Description: "whether it tells enough to spend, signatures aside"},
				{Type: ResBool, Key: "hasprivatekeys", Description: "whether it had a private key"},
			}}},
			Examples: examples("getdescriptorinfo", `"wpkh(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)"`, `"wpkh(0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798)"`),
		}, {
			Category: "util", Name: "getindexinfo", Handler: l.getIndexInfo,
			Description: "The state of the optional indexes; empty while none is on.",
			Args:        []Arg{{Names: "index_name", Type: ArgStr, Hint: "all indexes", Description: "an index to look at alone"}},
			Results: []Result{{Type: ResObjDyn, Inner: []Result{{Type: ResObj, Key: "name", Description: "name of an index", Inner: []Result{
				{Type: ResBool, Key: "synced", Description: "whether it has caught up with the chain"},
				{Type: ResNum, Key: "best_block_height", Description: "height up to which it has come"},
			}}}}},
			Examples: examples("getindexinfo", "", ""),
		},
	}
}
