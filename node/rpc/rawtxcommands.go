package rpc

// commands are the methods with which a wallet makes and signs a transaction.
func (t *rawTx) commands() []Command {
	return []Command{
		{
			Category: "rawtransactions", Name: "createrawtransaction", Handler: t.createRawTransaction,
			Description: "Makes a transaction of the given inputs and outputs. It is neither signed nor sent.",
			Args:        createArgs(),
			Results:     []Result{{Type: ResHex, Description: "the transaction"}},
			Examples:    examples("createrawtransaction", `'[{"txid":"id","vout":0}]' '[{"address":0.01}]'`, `[{"txid":"id","vout":0}], [{"address":0.01}]`),
		}, {
			Category: "rawtransactions", Name: "signrawtransactionwithkey", Handler: t.signRawTransactionWithKey,
			Description: "Signs a transaction with the given private keys, and with no others.",
			Args: []Arg{
				{Names: "hexstring", Type: ArgStr, Description: "the transaction"},
				{Names: "privkeys", Type: ArgArr, Description: "private keys in wallet import format",
					Inner: []Arg{{Names: "privatekey", Type: ArgHex, Optional: true, Description: "a key"}}},
				{Names: "prevtxs", Type: ArgArr, Optional: true, Description: "outputs being spent that are not in the chain or the pool yet, and scripts behind hashes",
					Inner: []Arg{{Type: ArgObj, Optional: true, Inner: []Arg{
						{Names: "txid", Type: ArgHex, Description: "transaction that made the output"},
						{Names: "vout", Type: ArgNum, Description: "number of the output"},
						{Names: "scriptPubKey", Type: ArgHex, Description: "its script"},
						{Names: "redeemScript", Type: ArgHex, Optional: true, Description: "script behind a script hash"},
						{Names: "witnessScript", Type: ArgHex, Optional: true, Description: "script behind a witness script hash"},
						{Names: "amount", Type: ArgAmount, Optional: true, Description: "its amount in bitcoins, to which signatures in witnesses commit"},
					}}}},
				{Names: "sighashtype", Type: ArgStr, Hint: "DEFAULT", Description: "what signatures commit to: DEFAULT, ALL, NONE, SINGLE, or one of the last three followed by |ANYONECANPAY; DEFAULT is ALL but for taproot"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResHex, Key: "hex", Description: "the transaction with the signatures that could be made"},
				{Type: ResBool, Key: "complete", Description: "whether all inputs are signed"},
				{Type: ResArr, Key: "errors", Optional: true, Description: "the inputs that are not", Inner: []Result{{Type: ResObj, Inner: []Result{
					{Type: ResHex, Key: "txid", Description: "transaction that made the output being spent"},
					{Type: ResNum, Key: "vout", Description: "number of that output"},
					{Type: ResArr, Key: "witness", Description: "the witness as it stands", Inner: []Result{{Type: ResHex, Description: "an item"}}},
					{Type: ResHex, Key: "scriptSig", Description: "the input script as it stands"},
					{Type: ResNum, Key: "sequence", Description: "sequence field"},
					{Type: ResStr, Key: "error", Description: "what is wrong"},
				}}}},
			}}},
			Examples: examples("signrawtransactionwithkey", `"hexstring" '["key"]'`, `"hexstring", ["key"]`),
		},
	}
}

// createArgs are the arguments from which a transaction is made.
func createArgs() []Arg {
	return []Arg{
		{Names: "inputs", Type: ArgArr, Description: "the inputs",
			Inner: []Arg{{Type: ArgObj, Optional: true, Inner: []Arg{
				{Names: "txid", Type: ArgHex, Description: "transaction to spend from"},
				{Names: "vout", Type: ArgNum, Description: "output to spend"},
				{Names: "sequence", Type: ArgNum, Hint: "depends on 'replaceable' and 'locktime'", Description: "sequence field"},
			}}}},
		{Names: "outputs", Type: ArgArr, AnyKind: true,
			Description: "the outputs, as an array of objects with one member each, or as one object of them all; an address may occur once, and so may data",
			Inner: []Arg{
				{Type: ArgObjUserKeys, Optional: true, Inner: []Arg{{Names: "address", Type: ArgAmount, Description: "an address and its amount in bitcoins"}}},
				{Type: ArgObj, Optional: true, Inner: []Arg{{Names: "data", Type: ArgHex, Description: "bytes for an output that carries data and no amount"}}},
			}},
		{Names: "locktime", Type: ArgNum, Default: "0", Description: "lock time; one other than 0 makes inputs not final"},
		{Names: "replaceable", Type: ArgBool, Hint: "true", Description: "whether the inputs signal replacement (BIP 125)"},
		{Names: "version", Type: ArgNum, Default: "2", Description: "version field, 1 to 3"},
	}
}
