// Package privatebroadcast sends transactions of our own to the network without
// telling who sent them: each by short connections through Tor or I2P that are made
// for it alone.
//
// # Rules, and why
//
// A transaction is not put into the pool, as the peers that it is announced to, and
// whoever asks first, would learn where it came from. Instead [PerTx] connections are
// opened to nodes at random. Each says hello under no name, carries one transaction
// (two would belong together for whoever receives them), waits for the pong that
// shows that it was read, and is closed. The transaction is then on its way like
// anybody's; when a peer brings it back to us, it is done and forgotten.
//
// The transaction that was sent least is sent first: by how often it was picked,
// how often it arrived, and when. A connection that ends without the pong is made up
// for by another one. What nobody has confirmed within five minutes, or has not come
// back a minute after somebody did, is stale: every two to three minutes (at random,
// so as not to be known by it) all such are offered to the pool for judging only,
// sent once more if good, and given up if not, as they are in a block or the
// pool by then, or can never be.
//
// At most [MaxOpen] connections are open or under way at a time.
//
// # The attacker
//
// He runs nodes and watches who sends what. He sees connections from exits of Tor, that
// say what all of them say, and share nothing with other connections of this node if
// the proxy isolates them. A node that swallows what it gets delays a transaction by
// minutes: two more have it. A node that never sends a pong costs a connection of
// three minutes, and another one in its place, one at a time.
//
// # Bounds
//
// At most [MaxTxs] transactions, all of our own operator's. Of each, the last
// [MaxSends] attempts are remembered, 100 bytes each.
//
// # Ownership
//
// A Queue belongs to one goroutine. Its results depend on its inputs and its source of
// randomness alone.
//
// # Invariants
//
//  1. A connection carries at most one transaction, and is known from when it is
//     open until it has ended.
//  2. Dials under way are never more than what is wanted was when they began, and with
//     open connections at most [MaxOpen].
//  3. Counts of attempts are at least those that are listed.
package privatebroadcast
