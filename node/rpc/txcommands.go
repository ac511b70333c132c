package rpc

// txDoc says which fields of a transaction a method writes besides the basic
// ones.
type txDoc struct{ fee, hex, prevout bool }

func scriptResults() []Result {
	return []Result{
		{Type: ResStr, Key: "asm", Description: "the script in words"},
		{Type: ResStr, Key: "desc", Description: "a descriptor of it"},
		{Type: ResHex, Key: "hex", Description: "the script"},
		{Type: ResStr, Key: "address", Optional: true, Description: "its address, where it has one"},
		{Type: ResStr, Key: "type", Description: "its template, such as pubkeyhash or witness_v1_taproot"},
	}
}

// txResults documents the fields that [txWriter.fields] writes.
func txResults(d txDoc) []Result {
	in := []Result{
		{Type: ResHex, Key: "coinbase", Optional: true, Description: "script of a coinbase input, which has no txid, vout and scriptSig"},
		{Type: ResHex, Key: "txid", Optional: true, Description: "transaction that it spends from"},
		{Type: ResNum, Key: "vout", Optional: true, Description: "output that it spends"},
		{Type: ResObj, Key: "scriptSig", Optional: true, Description: "its script", Inner: []Result{
			{Type: ResStr, Key: "asm", Description: "the script in words"},
			{Type: ResHex, Key: "hex", Description: "the script"},
		}},
		{Type: ResArr, Key: "txinwitness", Optional: true, Description: "its witness", Inner: []Result{{Type: ResHex, Description: "an item"}}},
	}
	if d.prevout {
		in = append(in, Result{Type: ResObj, Key: "prevout", Optional: true, Description: "the output that it spends, where undo data tell", Inner: []Result{
			{Type: ResBool, Key: "generated", Description: "whether a coinbase made it"},
			{Type: ResNum, Key: "height", Description: "height of the block that made it"},
			{Type: ResAmount, Key: "value", Description: "amount in bitcoins"},
			{Type: ResObj, Key: "scriptPubKey", Description: "its script", Inner: scriptResults()},
		}})
	}
	in = append(in, Result{Type: ResNum, Key: "sequence", Description: "sequence field"})
	list := []Result{
		{Type: ResHex, Key: "txid", Description: "hash without witness"},
		{Type: ResHex, Key: "hash", Description: "hash with witness"},
		{Type: ResNum, Key: "version", Description: "version field"},
		{Type: ResNum, Key: "size", Description: "size in bytes"},
		{Type: ResNum, Key: "vsize", Description: "size in virtual bytes"},
		{Type: ResNum, Key: "weight", Description: "weight of BIP 141"},
		{Type: ResNum, Key: "locktime", Description: "lock time"},
		{Type: ResArr, Key: "vin", Description: "the inputs", Inner: []Result{{Type: ResObj, Inner: in}}},
		{Type: ResArr, Key: "vout", Description: "the outputs", Inner: []Result{{Type: ResObj, Inner: []Result{
			{Type: ResAmount, Key: "value", Description: "amount in bitcoins"},
			{Type: ResNum, Key: "n", Description: "number of the output"},
			{Type: ResObj, Key: "scriptPubKey", Description: "its script", Inner: scriptResults()},
		}}}},
	}
	if d.fee {
		list = append(list, Result{Type: ResAmount, Key: "fee", Optional: true, Description: "fee in bitcoins, where undo data tell"})
	}
	if d.hex {
		list = append(list, Result{Type: ResHex, Key: "hex", Description: "the transaction"})
	}
	return list
}

func txInBlockResults(d txDoc) []Result {
	list := []Result{{Type: ResBool, Key: "in_active_chain", Optional: true, Description: "whether the named block is in the active chain"}}
	list = append(list, txResults(d)...)
	return append(list,
		Result{Type: ResHex, Key: "blockhash", Optional: true, Description: "block that it is in"},
		Result{Type: ResNum, Key: "confirmations", Optional: true, Description: "confirmations of that block, 0 outside the active chain"},
		Result{Type: ResTime, Key: "time", Optional: true, Description: "same as blocktime"},
		Result{Type: ResTime, Key: "blocktime", Optional: true, Description: "time of that block, in seconds since 1970"},
	)
}

func (l *ledger) txCommands() []Command {
	return []Command{
		{
			Category: "rawtransactions", Name: "getrawtransaction", Handler: l.getRawTransaction,
			Description: "A transaction: of the pool, of the index where there is one, or of the block that is named.",
			Args: []Arg{
				{Names: "txid", Type: ArgHex, Description: "transaction id"},
				{Names: "verbosity|verbose", Type: ArgNum, Default: "0", AnyKind: true,
					Description: "0 for hex, 1 for an object, 2 for an object with fee and spent outputs; false is 0, true is 1"},
				{Names: "blockhash", Type: ArgHex, Optional: true, Description: "block to look in"},
			},
			Results: []Result{
				{Cond: "for verbosity = 0", Type: ResHex, Description: "the transaction"},
				{Cond: "for verbosity = 1", Type: ResObj, Inner: txInBlockResults(txDoc{hex: true})},
				{Cond: "for verbosity = 2", Type: ResObj, Inner: txInBlockResults(txDoc{fee: true, hex: true, prevout: true})},
			},
			Examples: examples("getrawtransaction", exampleTxid+" 1 "+exampleHash, exampleTxid+", 1, "+exampleHash),
		}, {
			Category: "rawtransactions", Name: "decoderawtransaction", Handler: l.decodeRawTransaction,
			Description: "Shows what a transaction in hex says.",
			Args: []Arg{
				{Names: "hexstring", Type: ArgHex, Description: "the transaction"},
				{Names: "iswitness", Type: ArgBool, Hint: "what the bytes suggest", Description: "true to read it only in the form with witness, false only in the form without; of use where a transaction without inputs could be read both ways"},
			},
			Results:  []Result{{Type: ResObj, Inner: txResults(txDoc{})}},
			Examples: examples("decoderawtransaction", `"hexstring"`, `"hexstring"`),
		},
	}
}

// coinCommands are the methods about unspent outputs and block statistics.
func (l *ledger) coinCommands() []Command {
	return []Command{
		{
			Category: "blockchain", Name: "gettxout", Handler: l.getTxOut,
			Description: "An unspent output: its amount and script, and how many blocks deep it is.",
			Args: []Arg{
				{Names: "txid", Type: ArgStr, Description: "transaction that made it"},
				{Names: "n", Type: ArgNum, Description: "number of the output"},
				{Names: "include_mempool", Type: ArgBool, Default: "true", Description: "whether transactions that wait for a block count too"},
			},
			Results: []Result{
				{Cond: "when there is none", Type: ResNone},
				{Cond: "otherwise", Type: ResObj, Inner: []Result{
					{Type: ResHex, Key: "bestblock", Description: "tip at which it is unspent"},
					{Type: ResNum, Key: "confirmations", Description: "confirmations of the transaction"},
					{Type: ResAmount, Key: "value", Description: "amount in bitcoins"},
					{Type: ResObj, Key: "scriptPubKey", Description: "its script", Inner: scriptResults()},
					{Type: ResBool, Key: "coinbase", Description: "whether a coinbase made it"},
				}},
			},
			Examples: examples("gettxout", exampleTxid+" 1", exampleTxid+", 1"),
		}, {
			Category: "blockchain", Name: "gettxoutsetinfo", Handler: l.getTxOutSetInfo,
			Description: "Statistics over all unspent outputs. It reads all of them, which takes minutes on a large chain.",
			Args: []Arg{
				{Names: "hash_type", Type: ArgStr, Default: `"hash_serialized_3"`, Description: "hash over the set: hash_serialized_3, muhash or none"},
				{Names: "hash_or_height", Type: ArgNum, Hint: "chain tip", AnyKind: true, TypeText: [2]string{"", "string or numeric"},
					Description: "block to look from, which needs an index"},
				{Names: "use_index", Type: ArgBool, Default: "true", Description: "whether to answer from an index where there is one"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "height", Description: "height of the tip at which they are unspent"},
				{Type: ResHex, Key: "bestblock", Description: "hash of that tip"},
				{Type: ResNum, Key: "txouts", Description: "number of unspent outputs"},
				{Type: ResNum, Key: "bogosize", Description: "a measure of their size that does not depend on the database"},
				{Type: ResHex, Key: "hash_serialized_3", Optional: true, Description: "hash of the set, for that hash_type"},
				{Type: ResHex, Key: "muhash", Optional: true, Description: "hash of the set, for that hash_type"},
				{Type: ResAmount, Key: "total_amount", Description: "sum of the amounts in bitcoins"},
				{Type: ResNum, Key: "transactions", Optional: true, Description: "number of transactions that have unspent outputs"},
				{Type: ResNum, Key: "disk_size", Optional: true, Description: "estimated bytes of the database"},
			}}},
			Examples: examples("gettxoutsetinfo", `"muhash"`, `"muhash"`),
		}, {
			Category: "blockchain", Name: "getblockstats", Handler: l.getBlockStats,
			Description: "Statistics of one block; amounts are in satoshis, fee rates in satoshis per virtual byte.",
			Args: []Arg{
				{Names: "hash_or_height", Type: ArgNum, AnyKind: true, TypeText: [2]string{"", "string or numeric"}, Description: "hash or height of the block"},
				{Names: "stats", Type: ArgArr, Hint: "all values", Oneline: "stats", Description: "statistics to write",
					Inner: []Arg{{Names: "name", Type: ArgStr, Optional: true, Description: "a name from the answer below"}}},
			},
			Results:  []Result{{Type: ResObj, Inner: statResults()}},
			Examples: examples("getblockstats", `170 '["minfeerate","avgfeerate"]'`, `170, ["minfeerate","avgfeerate"]`),
		},
	}
}

func statResults() []Result {
	n := func(key, what string) Result {
		return Result{Type: ResNum, Key: key, Optional: true, Description: what}
	}
	return []Result{
		n("avgfee", "average fee"), n("avgfeerate", "average fee rate"), n("avgtxsize", "average size of a transaction"),
		{Type: ResHex, Key: "blockhash", Optional: true, Description: "hash of the block"},
		{Type: ResArrFixed, Key: "feerate_percentiles", Optional: true, Description: "fee rates at shares of the block's weight, cheapest first", Inner: []Result{
			{Type: ResNum, Description: "at a tenth"}, {Type: ResNum, Description: "at a quarter"}, {Type: ResNum, Description: "at half"},
			{Type: ResNum, Description: "at three quarters"}, {Type: ResNum, Description: "at nine tenths"},
		}},
		n("height", "height of the block"), n("ins", "number of inputs, the coinbase's aside"),
		n("maxfee", "highest fee"), n("maxfeerate", "highest fee rate"), n("maxtxsize", "largest transaction"),
		n("medianfee", "median fee"), n("mediantime", "median time at the block"), n("mediantxsize", "median size of a transaction"),
		n("minfee", "lowest fee"), n("minfeerate", "lowest fee rate"), n("mintxsize", "smallest transaction"),
		n("outs", "number of outputs"), n("subsidy", "new coins that the block may make"),
		n("swtotal_size", "size of all transactions with witness"), n("swtotal_weight", "weight of all transactions with witness"), n("swtxs", "number of transactions with witness"),
		n("time", "time of the block, in seconds since 1970"), n("total_out", "sum of all outputs, the coinbase's aside"),
		n("total_size", "size of all transactions, the coinbase aside"), n("total_weight", "weight of all transactions, the coinbase aside"),
		n("totalfee", "sum of the fees"), n("txs", "number of transactions"),
		n("utxo_increase", "outputs less inputs"), n("utxo_size_inc", "growth of the set of unspent outputs in bytes"),
		n("utxo_increase_actual", "outputs less inputs, without those that nobody can spend"),
		n("utxo_size_inc_actual", "growth of the set in bytes, without those that nobody can spend"),
	}
}
