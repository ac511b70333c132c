// Package mempool holds the transactions that wait for a block: it judges what
// arrives by consensus and policy, follows the chain, and says which of them a
// miner takes first.
//
// # Ownership
//
// One goroutine, started by [Pool.Run], writes the pool. Calls that bring a
// transaction post to it and return with the verdict; after that every reader
// sees the result. Readers take a short read lock and get copies. What the
// judging of a transaction costs most, its scripts, is checked by several
// goroutines at once, while readers go on: the lock for writing is held only to
// put in or take out what was judged.
//
// # A round
//
// The owner takes as many waiting transactions as do not touch each other,
// fetches all coins that they spend in one call, checks them in the order of
// arrival, runs their scripts side by side, and puts in those that passed. A
// transaction that spends from, conflicts with or repeats one of the same round
// waits for the next one. Hence transactions are judged in the order in which
// they were posted, as if one by one.
//
// # Packages
//
// [Pool.SubmitPackage] judges a child with parents of its own in a round of their own.
// Each is judged by itself first, and taken if it can be; what pays too little
// or misses the others is then judged once more, by the feerate of all that is left:
// so a child pays for its parents, but no parent for a child, and nobody's fee
// counts twice. All of what is judged together enters, or nothing. Scripts run
// last, and only if the fees suffice, so that a package costs no more to refuse than
// its transactions do one by one, twice.
//
// # Following the chain
//
// A transaction is judged only when the pool's tip is the tip of the coins that
// it is judged by: where they differ, the owner first takes in the moves of the
// tip that are under way. It reads them through a holding cursor, so that it
// misses none; the goroutine with the cursor calls nothing of the chain.
//
// When a block is connected, its transactions leave, and so does what conflicts
// with them. A reorganisation is one move: what depended on the disconnected
// blocks is set aside, the blocks of the new branch are applied, and then the
// disconnected transactions, parents first, and what was set aside are judged
// again; last, whatever has become locked or immature leaves. Until that is
// done, [Pool.TakenIn] holds back those who wait for it.
//
// # Attackers
//
// Checks are ordered by cost: what needs the transaction alone is checked on
// the caller's goroutine; coins are looked up after that, and scripts run
// only for what is otherwise acceptable and pays. A script check costs at most
// the signature operations that [policy.MaxSigOpsCost] allows. Memory is bounded
// by [Config.MaxBytes], counted as Bitcoin Core counts it: what pays least is
// evicted chunk by chunk, and the feerate asked for then rises, so that
// replacing the whole pool costs what it paid plus [Config.Incremental]; without
// evictions it halves every 12 hours, sooner when the pool is half empty.
// Clusters are bounded (see package graph), and what is set aside in a
// reorganisation too (20 MB). The queue of calls is bounded, callers wait.
//
// # Not here yet
//
// Replacement by fee, whose place is where conflicts are refused, in packages too; fee
// estimates; keeping the pool over a restart.
//
// # BIPs
//
// 68 and 113 (locks), 133 (what to ask peers for rests on [Pool.MinFeeRate]), 431
// (families of version 3, without the replacement of a sibling). BIP 125 is not
// followed: a conflict is refused.
package mempool
