package consensus

import "grapevine/wire"

// Bits of an input's sequence number (BIP 68).
const (
	sequenceFinal       = 0xffff_ffff
	sequenceDisableFlag = 1 << 31
	sequenceTimeFlag    = 1 << 22
	sequenceMask        = 0xffff
	sequenceTimeShift   = 9 // units of 512 seconds

	// lockTimeThreshold divides lock times that are heights from those that are
	// seconds since 1970.
	lockTimeThreshold = 500_000_000
)

// IsFinalTx reports whether a transaction's lock time lets it into a block of
// that height, with time as the block's time or, under BIP 113, the median time
// past before it.
func IsFinalTx(tx *wire.Tx, height int32, time int64) bool {
	if tx.LockTime == 0 {
		return true
	}
	limit := time
	if tx.LockTime < lockTimeThreshold {
		limit = int64(height)
	}
	if int64(tx.LockTime) < limit {
		return true
	}
	for i := range tx.In {
		if tx.In[i].Sequence != sequenceFinal {
			return false
		}
	}
	return true
}

// SequenceLock is the last height and the last median time past at which a
// transaction is still locked; -1 for no lock.
type SequenceLock struct {
	Height int32
	Time   int64
}

// SequenceLocks returns the lock that a transaction's inputs put on it (BIP 68):
// the caller applies it from CSVHeight on. The coins are those spent, in order.
// MtpBefore returns the median time past at the block before a height, or at
// genesis for height 0.
func SequenceLocks(tx *wire.Tx, spent []Coin, mtpBefore func(height int32) int64) SequenceLock {
	lock := SequenceLock{Height: -1, Time: -1}
	if tx.Version < 2 {
		return lock
	}
	for i := range tx.In {
		sequence := tx.In[i].Sequence
		if sequence&sequenceDisableFlag != 0 {
			continue
		}
		// A coin's age counts from the block that has it; one less, since the
		// lock names what is still too early.
		if sequence&sequenceTimeFlag != 0 {
			seconds := int64(sequence&sequenceMask) << sequenceTimeShift
			lock.Time = max(lock.Time, mtpBefore(spent[i].Height)+seconds-1)
		} else {
			lock.Height = max(lock.Height, spent[i].Height+int32(sequence&sequenceMask)-1)
		}
	}
	return lock
}

// Passes reports whether the lock lets a transaction into the block of that
// height, with the median time past at its parent.
func (l SequenceLock) Passes(height int32, prevMTP int64) bool {
	if l.Height >= height {
		return false
	}
	if l.Time >= prevMTP {
		return false
	}
	return true
}
