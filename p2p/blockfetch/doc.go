// Package blockfetch decides which blocks to ask of which peers.
//
// # Rules
//
//   - Of each peer it is known what the best block is that it has. Blocks on the
//     way from the active chain to there are asked for, the lowest first over all
//     peers, each of one peer, if the chain has at least as much work as the active
//     one and the minimum, and no invalid block before, and the data are not here.
//   - The window: nothing is asked for that is more than 1024 blocks ahead of the
//     connected chain, in steps of 32; on a branch that is not connected, ahead of
//     its last complete block.
//   - A peer owes us at most 16 blocks at a time, or as many small ones as make
//     1 MiB, at most 256: over a link of 100 ms, sixteen blocks of 250 bytes would
//     be 160 a second. It is asked again when a quarter of that is free, or at
//     once for the block for want of which the chain stands still.
//   - Credits: what is asked for, at the size of the largest of the last sixteen
//     blocks, and what is here without a verdict stay within 48 MiB. See below.
//   - During the initial download only preferred peers are asked, where there are
//     any, unless no block is on its way; pruned ones are not. Of those only the
//     last 288 blocks are asked at any time (BIP 159).
//   - Stalling: a peer that owes us nothing cannot be asked for more because of
//     the window or the credits, while the chain stands still for want of a block
//     that another peer owes us. That one is dropped after two seconds. The next
//     one gets twice as long, up to 64 s, since the reason may be our own
//     connection, and 15 % less with each block that connects.
//   - Timeout: a peer is dropped when the block that it was asked for first has not
//     come in ten minutes, and five more for each other peer that owes us blocks.
//   - Slow peers: when a peer has sent nothing for ten seconds, and five more for
//     each other peer that owes us blocks, others are asked for what it owes: any
//     for the block that the chain stands still for, and those that have nothing else to do
//     for the rest, three peers a block at most. The time doubles and recovers
//     like that of stalling, up to five minutes: on a slow line of our own, asking
//     twice makes it slower. The slow peer comes last until it sends something.
//
// # The bound in bytes
//
// Let E be the estimate of a block's size, at least credits/window = 48 KiB, and
// B the bytes without a verdict. A request is made only if (n+1)*E + B stays
// within the credits, for n requests on their way; so n <= 1024 always, and when
// blocks keep their size, all that is asked for or here stays below 48 MiB. Blocks
// may grow at once from nothing to the 4 MB that consensus allows. The estimate
// grows with the first one that comes, so no request is added, but up to
// min(256*peers, 1024) were made before. Once what is here exceeds the credits,
// [Fetcher.Overdrawn] says so, and the caller lets what comes count against the
// receive credits of the senders: what is held is then bounded by 48 MiB and the
// peers' receive credits, 5 MB each, with one block more a peer. The block for
// want of which the chain stands still is let through whatever is spent, or all
// could wait for it: one for each branch with as much work as the active chain.
//
// # Attackers
//
// A chain counts only with work, so branches cost what blocks cost. A peer that
// announces what it does not send holds up its share of blocks for ten seconds,
// then they come from others, at the cost of two further copies at most; in the
// end it is dropped. It makes the time that others have longer by half a block's.
// A peer that sends a damaged block is not asked for it again, and for nothing
// after 32 of them. For each peer are kept a path of two windows (longer only
// on a branch that is), a queue of 256 entries at most, and 32 refused blocks: 30 kB.
//
// # Cost
//
// A decision when nothing has changed is a few comparisons. Else it takes some
// steps a peer, and each block is looked at about once a peer while the window
// moves over it.
//
// One goroutine owns a [Fetcher]; it has no clock and no randomness, so that the
// same calls give the same decisions.
package blockfetch
