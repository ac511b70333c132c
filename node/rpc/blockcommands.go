package rpc

// exampleHash and exampleTxid stand in the examples of the help texts: the
// block and the payment of 170, the first between two people.
const (
	exampleHash = `"00000000d1145790a8694403d4063f323d499e655c83426834d4ce2f8dd4a2ee"`
	exampleTxid = `"f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"`
)

// examples shows one call on the command line and over HTTP.
func examples(method, cli, rpc string) string {
	return ExampleCLI(method, cli) + ExampleRPC(method, rpc)
}

func argBlockHash(what string) Arg {
	return Arg{Names: "blockhash", Type: ArgHex, Description: what}
}

// headerResults documents the fields that [writeHeader] writes.
func headerResults() []Result {
	return []Result{
		{Type: ResHex, Key: "hash", Description: "hash of the block"},
		{Type: ResNum, Key: "confirmations", Description: "1 for the tip and one more for each block below it; -1 outside the active chain"},
		{Type: ResNum, Key: "height", Description: "number of blocks before it"},
		{Type: ResNum, Key: "version", Description: "version field"},
		{Type: ResHex, Key: "versionHex", Description: "version field in hex"},
		{Type: ResHex, Key: "merkleroot", Description: "root of the tree of transaction ids"},
		{Type: ResTime, Key: "time", Description: "time that the header claims, in seconds since 1970"},
		{Type: ResTime, Key: "mediantime", Description: "median time of this block and the ten before it"},
		{Type: ResNum, Key: "nonce", Description: "nonce field"},
		{Type: ResHex, Key: "bits", Description: "target in compact form"},
		{Type: ResHex, Key: "target", Description: "target that the hash must not exceed"},
		{Type: ResNum, Key: "difficulty", Description: "how much harder the target is than the first one of the main network"},
		{Type: ResHex, Key: "chainwork", Description: "expected number of hashes to make the chain up to here, in hex"},
		{Type: ResNum, Key: "nTx", Description: "number of transactions, 0 while the block itself is not here"},
		{Type: ResHex, Key: "previousblockhash", Optional: true, Description: "hash of the block before it"},
		{Type: ResHex, Key: "nextblockhash", Optional: true, Description: "hash of the block after it in the active chain"},
	}
}

func blockResults(txs ...Result) []Result {
	list := append(headerResults(),
		Result{Type: ResNum, Key: "strippedsize", Description: "size in bytes without witnesses"},
		Result{Type: ResNum, Key: "size", Description: "size in bytes"},
		Result{Type: ResNum, Key: "weight", Description: "weight of BIP 141"},
		Result{Type: ResObj, Key: "coinbase_tx", Description: "what miners put into the first transaction", Inner: []Result{
			{Type: ResNum, Key: "version", Description: "version field"},
			{Type: ResNum, Key: "locktime", Description: "lock time"},
			{Type: ResNum, Key: "sequence", Description: "sequence of its input"},
			{Type: ResHex, Key: "coinbase", Description: "script of its input"},
			{Type: ResHex, Key: "witness", Optional: true, Description: "witness item of its input"},
		}},
	)
	return append(list, Result{Type: ResArr, Key: "tx", Description: "the transactions", Inner: txs})
}

func (l *ledger) blockCommands() []Command {
	return []Command{
		{
			Category: "blockchain", Name: "getblockcount", Handler: l.getBlockCount,
			Description: "The height of the tip of the active chain; the first block has height 0.",
			Results:     []Result{{Type: ResNum, Description: "height of the tip"}},
			Examples:    examples("getblockcount", "", ""),
		}, {
			Category: "blockchain", Name: "getbestblockhash", Handler: l.getBestBlockHash,
			Description: "The hash of the tip of the active chain.",
			Results:     []Result{{Type: ResHex, Description: "hash of the tip"}},
			Examples:    examples("getbestblockhash", "", ""),
		}, {
			Category: "blockchain", Name: "getdifficulty", Handler: l.getDifficulty,
			Description: "The difficulty of the tip: how much harder its target is than the first one of the main network.",
			Results:     []Result{{Type: ResNum, Description: "difficulty"}},
			Examples:    examples("getdifficulty", "", ""),
		}, {
			Category: "blockchain", Name: "getblockhash", Handler: l.getBlockHash,
			Description: "The hash of the block at a height of the active chain.",
			Args:        []Arg{{Names: "height", Type: ArgNum, Description: "height, from 0 to that of the tip"}},
			Results:     []Result{{Type: ResHex, Description: "hash of the block"}},
			Examples:    examples("getblockhash", "170", "170"),
		}, {
			Category: "blockchain", Name: "getblockheader", Handler: l.getBlockHeader,
			Description: "The header of a block, as an object or as its 80 bytes in hex.",
			Args: []Arg{
				argBlockHash("hash of the block"),
				{Names: "verbose", Type: ArgBool, Default: "true", Description: "true for an object, false for hex"},
			},
			Results: []Result{
				{Cond: "for verbose = true", Type: ResObj, Inner: headerResults()},
				{Cond: "for verbose = false", Type: ResHex, Description: "the header"},
			},
			Examples: examples("getblockheader", exampleHash, exampleHash),
		}, {
			Category: "blockchain", Name: "getblock", Handler: l.getBlock,
			Description: "A block: in hex, or as an object with its transactions' ids, the transactions, or these with the outputs that they spend.",
			Args: []Arg{
				argBlockHash("hash of the block"),
				{Names: "verbosity|verbose", Type: ArgNum, Default: "1", AnyKind: true,
					Description: "0 for hex, 1 for transaction ids, 2 for transactions, 3 for transactions with what they spend; false is 0, true is 1"},
			},
			Results: []Result{
				{Cond: "for verbosity = 0", Type: ResHex, Description: "the block"},
				{Cond: "for verbosity = 1", Type: ResObj, Inner: blockResults(Result{Type: ResHex, Description: "transaction id"})},
				{Cond: "for verbosity = 2", Type: ResObj, Inner: blockResults(Result{Type: ResObj, Inner: txResults(txDoc{fee: true, hex: true})})},
				{Cond: "for verbosity = 3", Type: ResObj, Inner: blockResults(Result{Type: ResObj, Inner: txResults(txDoc{fee: true, hex: true, prevout: true})})},
			},
			Examples: examples("getblock", exampleHash+" 2", exampleHash+", 2"),
		},
	}
}

func warningsResult() Result {
	return Result{Type: ResArr, Key: "warnings", Description: "what the operator should know", Inner: []Result{{Type: ResStr, Description: "a warning"}}}
}

func challengeResult() Result {
	return Result{Type: ResHex, Key: "signet_challenge", Optional: true, Description: "on a signet, the script that blocks must satisfy"}
}

func (l *ledger) chainCommands() []Command {
	return []Command{
		{
			Category: "blockchain", Name: "getblockchaininfo", Handler: l.getBlockchainInfo,
			Description: "The state of the chain: tip, headers, progress, size on disk.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResStr, Key: "chain", Description: "network: main, test, testnet4, signet or regtest"},
				{Type: ResNum, Key: "blocks", Description: "height of the tip"},
				{Type: ResNum, Key: "headers", Description: "height of the best header"},
				{Type: ResHex, Key: "bestblockhash", Description: "hash of the tip"},
				{Type: ResHex, Key: "bits", Description: "target of the tip in compact form"},
				{Type: ResHex, Key: "target", Description: "target of the tip"},
				{Type: ResNum, Key: "difficulty", Description: "difficulty of the tip"},
				{Type: ResTime, Key: "time", Description: "time of the tip, in seconds since 1970"},
				{Type: ResTime, Key: "mediantime", Description: "median time at the tip"},
				{Type: ResNum, Key: "verificationprogress", Description: "estimated share of all transactions that has been verified, 0 to 1"},
				{Type: ResBool, Key: "initialblockdownload", Description: "whether the node is still catching up"},
				{Type: ResHex, Key: "chainwork", Description: "expected number of hashes to make the active chain, in hex"},
				{Type: ResNum, Key: "size_on_disk", Description: "bytes of the files of blocks and undo data"},
				{Type: ResBool, Key: "pruned", Description: "whether old blocks are deleted"},
				challengeResult(), warningsResult(),
			}}},
			Examples: examples("getblockchaininfo", "", ""),
		}, {
			Category: "blockchain", Name: "getchainstates", Handler: l.getChainStates,
			Description: "The sets of coins that the node keeps and how far each has come.",
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "headers", Description: "height of the best header"},
				{Type: ResArr, Key: "chainstates", Description: "the sets, the active one last", Inner: []Result{{Type: ResObj, Inner: []Result{
					{Type: ResNum, Key: "blocks", Description: "height of its tip"},
					{Type: ResHex, Key: "bestblockhash", Description: "hash of its tip"},
					{Type: ResHex, Key: "bits", Description: "target of its tip in compact form"},
					{Type: ResHex, Key: "target", Description: "target of its tip"},
					{Type: ResNum, Key: "difficulty", Description: "difficulty of its tip"},
					{Type: ResNum, Key: "verificationprogress", Description: "estimated share of all transactions that has been verified, 0 to 1"},
					{Type: ResNum, Key: "coins_db_cache_bytes", Description: "memory for the database of coins"},
					{Type: ResNum, Key: "coins_tip_cache_bytes", Description: "memory for the cache of coins above it"},
					{Type: ResBool, Key: "validated", Description: "whether every block below its tip has been verified"},
				}}}},
			}}},
			Examples: examples("getchainstates", "", ""),
		}, {
			Category: "blockchain", Name: "getchaintips", Handler: l.getChainTips,
			Description: "The tip of every known branch of the block tree, the active chain's included, highest first.",
			Results: []Result{{Type: ResArr, Inner: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResNum, Key: "height", Description: "height of the tip"},
				{Type: ResHex, Key: "hash", Description: "hash of the tip"},
				{Type: ResNum, Key: "branchlen", Description: "number of its blocks outside the active chain"},
				{Type: ResStr, Key: "status", Description: "\"active\": the active chain\n\"valid-fork\": verified, but not the best\n\"valid-headers\": all blocks are here, not verified\n\"headers-only\": blocks are missing\n\"invalid\": it has an invalid block"},
			}}}}},
			Examples: examples("getchaintips", "", ""),
		}, {
			Category: "blockchain", Name: "getchaintxstats", Handler: l.getChainTxStats,
			Description: "How many transactions a stretch of the active chain has, and their rate.",
			Args: []Arg{
				{Names: "nblocks", Type: ArgNum, Hint: "one month", Description: "length of the stretch in blocks"},
				{Names: "blockhash", Type: ArgHex, Hint: "chain tip", Description: "last block of the stretch"},
			},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResTime, Key: "time", Description: "time of the last block, in seconds since 1970"},
				{Type: ResNum, Key: "txcount", Optional: true, Description: "transactions in the chain up to the last block"},
				{Type: ResHex, Key: "window_final_block_hash", Description: "hash of the last block"},
				{Type: ResNum, Key: "window_final_block_height", Description: "height of the last block"},
				{Type: ResNum, Key: "window_block_count", Description: "length of the stretch in blocks"},
				{Type: ResNum, Key: "window_interval", Optional: true, Description: "seconds between the median times at its ends"},
				{Type: ResNum, Key: "window_tx_count", Optional: true, Description: "transactions in the stretch"},
				{Type: ResNum, Key: "txrate", Optional: true, Description: "transactions a second"},
			}}},
			Examples: examples("getchaintxstats", "2016", "2016"),
		}, {
			Category: "blockchain", Name: "getdeploymentinfo", Handler: l.getDeploymentInfo,
			Description: "Which script rules hold for a block and how changes of consensus stand after it. Rules that hold from the first block on are not among the deployments.",
			Args:        []Arg{{Names: "blockhash", Type: ArgHex, Hint: "chain tip", Description: "block to look from"}},
			Results: []Result{{Type: ResObj, Inner: []Result{
				{Type: ResHex, Key: "hash", Description: "hash of the block"},
				{Type: ResNum, Key: "height", Description: "height of the block"},
				{Type: ResArr, Key: "script_flags", Description: "script rules of the block", Inner: []Result{{Type: ResStr, Description: "name of a rule"}}},
				{Type: ResObjDyn, Key: "deployments", Inner: []Result{{Type: ResObj, Key: "name", Description: "name of the deployment", Inner: deploymentResults()}}},
			}}},
			Examples: examples("getdeploymentinfo", "", ""),
		},
	}
}

func deploymentResults() []Result {
	return []Result{
		{Type: ResStr, Key: "type", Description: "\"buried\" (at a fixed height) or \"bip9\" (by version bits)"},
		{Type: ResNum, Key: "height", Optional: true, Description: "first block under the rules, where that is known"},
		{Type: ResBool, Key: "active", Description: "whether the rules hold for the next block"},
		{Type: ResObj, Key: "bip9", Optional: true, Description: "state of the version bit", Inner: []Result{
			{Type: ResNum, Key: "bit", Optional: true, Description: "bit that signals, while it counts"},
			{Type: ResTime, Key: "start_time", Description: "median time from which the bit counts"},
			{Type: ResTime, Key: "timeout", Description: "median time at which the deployment fails unless locked in"},
			{Type: ResNum, Key: "min_activation_height", Description: "lowest height at which the rules may begin"},
			{Type: ResStr, Key: "status", Description: "\"defined\", \"started\", \"locked_in\", \"active\" or \"failed\""},
			{Type: ResNum, Key: "since", Description: "first block of that status"},
			{Type: ResStr, Key: "status_next", Description: "status of the next block"},
			{Type: ResObj, Key: "statistics", Optional: true, Description: "signals in the current period, while they count", Inner: []Result{
				{Type: ResNum, Key: "period", Description: "blocks a period"},
				{Type: ResNum, Key: "threshold", Optional: true, Description: "signals needed in one period"},
				{Type: ResNum, Key: "elapsed", Description: "blocks of the current period"},
				{Type: ResNum, Key: "count", Description: "signals among them"},
				{Type: ResBool, Key: "possible", Optional: true, Description: "whether the threshold can still be reached"},
			}},
			{Type: ResStr, Key: "signalling", Optional: true, Description: "a # for each block of the period that signals, a - for each that does not"},
		}},
	}
}
