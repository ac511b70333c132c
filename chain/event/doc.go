// Package event says what happened to the ledger, as small values in order.
//
// The chain publishes one [Event] for each move of its tip, after the move is
// committed and visible to readers. An event names heights and hashes only; a
// consumer that wants blocks or undo data fetches them itself, so that a slow
// consumer holds no memory. A reorganisation is one event: it names the old
// tip, the new one and the height of their last common block, and the lists
// of blocks in between follow from the block tree.
//
// A [Ring] keeps the last events. A consumer reads through its own [Cursor];
// one that falls off the ring gets [ErrLagged] and resumes from its own
// position (an index from its last indexed block). A holding cursor is the
// exception: publishing waits for it, which only the transaction pool may
// ask for, because a transaction is judged only when the pool's tip is the
// coins' tip. Its owner must not call back into the chain from the goroutine
// that reads it: the chain may be waiting for that very goroutine.
//
// Concurrency: one goroutine publishes; any number read, each its own cursor.
package event
