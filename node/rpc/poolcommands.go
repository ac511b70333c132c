package rpc

func argMaxFeeRate() Arg {
	return Arg{Names: "maxfeerate", Type: ArgAmount, Default: `"` + defaultMaxFeeRate + `"`,
		Description: "fee rate in bitcoins for 1,000 virtual bytes above which the transaction is refused, below 1; 0 lets any pass"}
}

func (p *poolCalls) submitCommands() []Command {
	return []Command{
		{
			Category: "rawtransactions", Name: "sendrawtransaction", Handler: p.sendRawTransaction,
			Description: "Hands a transaction in, to the pool and from there to all peers. One that the pool holds already is announced anew.",
			Args: []Arg{
				{Names: "hexstring", Type: ArgHex, Description: "the transaction"},
				argMaxFeeRate(),
				{Names: "maxburnamount", Type: ArgAmount, Default: `"0.00"`, Description: "bitcoins that an output which nobody can spend may hold at most"},
			},
			Results:  []Result{{Type: ResHex, Description: "transaction id"}},
			Examples: examples("sendrawtransaction", `"hexstring"`, `"hexstring"`),
		}, {
			Category: "rawtransactions", Name: "testmempoolaccept", Handler: p.testMempoolAccept,
			Description: "Tells whether the pool would take transactions, and keeps nothing of them. Of several, all are judged or none: where one is refused, what was not judged to the end has no verdict. They must not depend on each other.",
			Args: []Arg{
				{Names: "rawtxs", Type: ArgArr, Description: "one to 25 transactions", Inner: []Arg{{Names: "rawtx", Type: ArgHex, Optional: true}}},
				argMaxFeeRate(),
			},
			Results: []Result{{Type: ResArr, Description: "a verdict each, in their order", Inner: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResHex, Key: "txid", Description: "hash without witness"},
				{Type: ResHex, Key: "wtxid", Description: "hash with witness"},
				{Type: ResStr, Key: "package-error", Optional: true, Description: "what is wrong with the list"},
				{Type: ResBool, Key: "allowed", Optional: true, Description: "whether the pool would take it"},
				{Type: ResNum, Key: "vsize", Optional: true, Description: "virtual bytes that its fee rate is measured by"},
				{Type: ResObj, Key: "fees", Optional: true, Description: "what it pays, where it is allowed", Inner: []Result{
					{Type: ResAmount, Key: "base", Description: "fee in bitcoins"},
					{Type: ResAmount, Key: "effective-feerate", Description: "fee rate that it is judged by, in bitcoins for 1,000 virtual bytes"},
					{Type: ResArr, Key: "effective-includes", Description: "transactions that this fee rate covers", Inner: []Result{{Type: ResHex, Description: "hash with witness"}}},
				}},
				{Type: ResStr, Key: "reject-reason", Optional: true, Description: "why not, where it is not allowed"},
				{Type: ResStr, Key: "reject-details", Optional: true, Description: "the reason with particulars"},
			}}}}},
			Examples: examples("testmempoolaccept", `'["hexstring"]'`, `["hexstring"]`),
		}, {
			Category: "mining", Name: "prioritisetransaction", Handler: p.prioritiseTransaction,
			Description: "Adds to the fee by which a transaction is judged and chosen for blocks; nobody pays it.",
			Args: []Arg{
				{Names: "txid", Type: ArgHex, Description: "transaction id"},
				{Names: "dummy", Type: ArgNum, Optional: true, Description: "0 or null"},
				{Names: "fee_delta", Type: ArgNum, Description: "satoshis to add; negative ones are taken away"},
			},
			Results:  []Result{{Type: ResBool, Description: "true"}},
			Examples: examples("prioritisetransaction", exampleTxid+" 0 10000", exampleTxid+", 0, 10000"),
		}, {
			Category: "mining", Name: "getprioritisedtransactions", Handler: p.getPrioritisedTransactions,
			Description: "The fees that prioritisetransaction has changed.",
			Results: []Result{{Type: ResObjDyn, Inner: []Result{{Type: ResObj, Key: "transactionid", Inner: []Result{
				{Type: ResNum, Key: "fee_delta", Description: "satoshis added"},
				{Type: ResBool, Key: "in_mempool", Description: "whether the transaction is in the pool"},
				{Type: ResNum, Key: "modified_fee", Optional: true, Description: "its fee with what was added, in satoshis, where it is"},
			}}}}},
			Examples: examples("getprioritisedtransactions", "", ""),
		},
	}
}

func entryResults() []Result {
	amount := func(key, what string) Result { return Result{Type: ResAmount, Key: key, Description: what} }
	return []Result{
		{Type: ResNum, Key: "vsize", Description: "virtual bytes, more where it has many signature operations"},
		{Type: ResNum, Key: "weight", Description: "weight of BIP 141"},
		{Type: ResTime, Key: "time", Description: "when it entered, in seconds since 1970"},
		{Type: ResNum, Key: "height", Description: "height of the tip when it entered"},
		{Type: ResNum, Key: "descendantcount", Description: "transactions in the pool that depend on it, itself included"},
		{Type: ResNum, Key: "descendantsize", Description: "their virtual bytes"},
		{Type: ResNum, Key: "ancestorcount", Description: "transactions in the pool that it depends on, itself included"},
		{Type: ResNum, Key: "ancestorsize", Description: "their virtual bytes"},
		{Type: ResHex, Key: "wtxid", Description: "hash with witness"},
		{Type: ResNum, Key: "chunkweight", Description: "weight of the chunk that it would be mined in"},
		{Type: ResObj, Key: "fees", Description: "fees in bitcoins", Inner: []Result{
			amount("base", "its own"), amount("modified", "its own with what the operator added"),
			amount("ancestor", "modified ones of its ancestors and itself"), amount("descendant", "modified ones of its descendants and itself"),
			amount("chunk", "modified ones of its chunk"),
		}},
		{Type: ResArr, Key: "depends", Description: "transactions in the pool that it spends from", Inner: []Result{{Type: ResHex, Description: "transaction id"}}},
		{Type: ResArr, Key: "spentby", Description: "transactions in the pool that spend from it", Inner: []Result{{Type: ResHex, Description: "transaction id"}}},
		{Type: ResBool, Key: "unbroadcast", Description: "whether it was sent from here and no peer has asked for it yet"},
	}
}

// listResults documents a list of transactions in its forms.
func listResults() []Result {
	return []Result{
		{Cond: "for verbose = false", Type: ResArr, Inner: []Result{{Type: ResHex, Description: "transaction id"}}},
		{Cond: "for verbose = true", Type: ResObjDyn, Inner: []Result{{Type: ResObj, Key: "transactionid", Inner: entryResults()}}},
	}
}

func argVerbose() Arg {
	return Arg{Names: "verbose", Type: ArgBool, Default: "false", Description: "true for an object of descriptions, false for ids"}
}

func (p *poolCalls) entryCommands() []Command {
	id := Arg{Names: "txid", Type: ArgHex, Description: "transaction in the pool"}
	return []Command{
		{
			Category: "blockchain", Name: "getrawmempool", Handler: p.getRawMempool,
			Description: "The transactions in the pool, in the order in which a miner would take them.",
			Args: []Arg{argVerbose(),
				{Names: "mempool_sequence", Type: ArgBool, Default: "false", Description: "true for ids together with the number of the pool's next change"}},
			Results: append(listResults(), Result{Cond: "for verbose = false and mempool_sequence = true", Type: ResObj, Inner: []Result{
				{Type: ResArr, Key: "txids", Description: "the transactions", Inner: []Result{{Type: ResHex, Description: "transaction id"}}},
				{Type: ResNum, Key: "mempool_sequence", Description: "number of the next change"},
			}}),
			Examples: examples("getrawmempool", "true", "true"),
		}, {
			Category: "blockchain", Name: "getmempoolentry", Handler: p.getMempoolEntry,
			Description: "What the pool knows of a transaction.",
			Args:        []Arg{id},
			Results:     []Result{{Type: ResObj, Inner: entryResults()}},
			Examples:    examples("getmempoolentry", exampleTxid, exampleTxid),
		}, {
			Category: "blockchain", Name: "getmempoolancestors", Handler: p.relatives(p.Pool.Ancestors),
			Description: "The transactions in the pool that a transaction depends on.",
			Args:        []Arg{id, argVerbose()},
			Results:     listResults(),
			Examples:    examples("getmempoolancestors", exampleTxid, exampleTxid),
		}, {
			Category: "blockchain", Name: "getmempooldescendants", Handler: p.relatives(p.Pool.Descendants),
			Description: "The transactions in the pool that depend on a transaction.",
			Args:        []Arg{id, argVerbose()},
			Results:     listResults(),
			Examples:    examples("getmempooldescendants", exampleTxid, exampleTxid),
		}, {
			Category: "blockchain", Name: "getmempoolcluster", Handler: p.getMempoolCluster,
			Description: "The transactions in the pool that are connected with a transaction, in the order in which a miner would take them.",
			Args:        []Arg{id},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "clusterweight", Description: "weight of all, more where they have many signature operations"},
				{Type: ResNum, Key: "txcount", Description: "how many they are"},
				{Type: ResArr, Key: "chunks", Description: "those that are taken together", Inner: []Result{{Type: ResObj, Inner: []Result{
					{Type: ResAmount, Key: "chunkfee", Description: "their fees in bitcoins"},
					{Type: ResNum, Key: "chunkweight", Description: "their weight"},
					{Type: ResArr, Key: "txs", Description: "the transactions", Inner: []Result{{Type: ResHex, Description: "transaction id"}}},
				}}}},
			}}},
			Examples: examples("getmempoolcluster", exampleTxid, exampleTxid),
		}, {
			Category: "hidden", Name: "getmempoolfeeratediagram", Handler: p.getMempoolFeerateDiagram,
			Description: "What a miner gets who takes the first transactions of the pool, up to each point where chunks end.",
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "weight", Description: "weight of the transactions so far"},
				{Type: ResAmount, Key: "fee", Description: "their fees in bitcoins"},
			}}}}},
			Examples: examples("getmempoolfeeratediagram", "", ""),
		},
	}
}

func (p *poolCalls) infoCommands() []Command {
	rate := func(key, what string) Result {
		return Result{Type: ResAmount, Key: key, Description: what + ", in bitcoins for 1,000 virtual bytes"}
	}
	return []Command{
		{
			Category: "blockchain", Name: "getmempoolinfo", Handler: p.getMempoolInfo,
			Description: "How full the pool is and what it asks for.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResBool, Key: "loaded", Description: "whether what an earlier run left has been loaded"},
				{Type: ResNum, Key: "size", Description: "transactions"},
				{Type: ResNum, Key: "bytes", Description: "their virtual bytes"},
				{Type: ResNum, Key: "usage", Description: "bytes of memory"},
				{Type: ResAmount, Key: "total_fee", Description: "their fees in bitcoins, without what prioritisetransaction added"},
				{Type: ResNum, Key: "maxmempool", Description: "bytes of memory that it may take"},
				rate("mempoolminfee", "fee rate that a transaction has to pay at present"),
				rate("minrelaytxfee", "fee rate below which nothing is taken"),
				rate("incrementalrelayfee", "step by which that rises when the pool is full"),
				{Type: ResNum, Key: "unbroadcastcount", Description: "transactions that were sent from here and no peer has asked for yet"},
				{Type: ResBool, Key: "permitbaremultisig", Description: "whether outputs may be multisig without a hash around it"},
				{Type: ResNum, Key: "maxdatacarriersize", Description: "bytes of data outputs that a transaction may have"},
				{Type: ResNum, Key: "limitclustercount", Description: "transactions that may be connected with each other"},
				{Type: ResNum, Key: "limitclustersize", Description: "their virtual bytes at most"},
				{Type: ResBool, Key: "optimal", Description: "whether the order for mining is known to be the best"},
			}}},
			Examples: examples("getmempoolinfo", "", ""),
		}, {
			Category: "blockchain", Name: "gettxspendingprevout", Handler: p.getTxSpendingPrevOut,
			Description: "The transactions in the pool that spend the given outputs.",
			Args: []Arg{
				{Names: "outputs", Type: ArgArr, Description: "the outputs", Inner: []Arg{{Type: ArgObj, Optional: true, Inner: []Arg{
					{Names: "txid", Type: ArgHex, Description: "transaction that made the output"},
					{Names: "vout", Type: ArgNum, Description: "number of the output"},
				}}}},
				{Names: "options", Type: ArgObjNamed, Optional: true, Oneline: "options", Inner: []Arg{
					{Names: "mempool_only", Type: ArgBool, Hint: "true", Description: "false to insist on finding spends in blocks too, which needs an index"},
					{Names: "return_spending_tx", Type: ArgBool, Hint: "false", Description: "true for the spending transactions as well"},
				}},
			},
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResHex, Key: "txid", Description: "as given"},
				{Type: ResNum, Key: "vout", Description: "as given"},
				{Type: ResHex, Key: "spendingtxid", Optional: true, Description: "transaction that spends it"},
				{Type: ResHex, Key: "spendingtx", Optional: true, Description: "that transaction, for return_spending_tx"},
			}}}}},
			Examples: examples("gettxspendingprevout", `'[{"txid":"id","vout":3}]'`, `[{"txid":"id","vout":3}]`),
		},
	}
}

// absentCommands answer for what is not there yet, as a node that has nothing to
// tell.
func (p *poolCalls) absentCommands() []Command {
	return []Command{
		{
			Category: "util", Name: "estimatesmartfee", Handler: p.estimateSmartFee,
			Description: "Estimates the fee rate with which a transaction is confirmed within some blocks. There are no estimates yet.",
			Args: []Arg{
				{Names: "conf_target", Type: ArgNum, Description: "blocks to be confirmed within, 1 to 1008"},
				{Names: "estimate_mode", Type: ArgStr, Default: `"economical"`, Description: "unset, economical or conservative"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResAmount, Key: "feerate", Optional: true, Description: "the fee rate, in bitcoins for 1,000 virtual bytes"},
				{Type: ResArr, Key: "errors", Optional: true, Description: "why there is none", Inner: []Result{{Type: ResStr, Description: "a reason"}}},
				{Type: ResNum, Key: "blocks", Description: "blocks that the estimate is for"},
			}}},
			Examples: examples("estimatesmartfee", "6", "6"),
		}, {
			Category: "zmq", Name: "getzmqnotifications", Handler: p.getZMQNotifications,
			Description: "The publishers of notifications over ZMQ; there are none.",
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResStr, Key: "type", Description: "what is published"},
				{Type: ResStr, Key: "address", Description: "address of the publisher"},
				{Type: ResNum, Key: "hwm", Description: "messages that may wait for a slow subscriber"},
			}}}}},
			Examples: examples("getzmqnotifications", "", ""),
		},
	}
}
