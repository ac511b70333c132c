package consensus

import (
	"testing"
)

func TestIsFinalTx(t *testing.T) {
	const height, time = 1000, 1_600_000_000
	cases := []struct {
		name     string
		lockTime uint32
		sequence uint32
		want     bool
	}{
		{"no lock", 0, 0, true},
		{"height passed", height - 1, 0, true},
		{"height reached", height, 0, false},
		{"height ahead", height + 1, 0, false},
		{"time passed", time - 1, 0, true},
		{"time reached", time, 0, false},
		{"largest height", 499_999_999, 0, false},
		{"smallest time", 500_000_000, 0, true},
		{"final inputs", time + 1, 0xffffffff, true},
		{"nearly final inputs", time + 1, 0xfffffffe, false},
	}
	for _, c := range cases {
		tx := spendTx(1, 2)
		tx.LockTime, tx.In[1].Sequence = c.lockTime, c.sequence
		if got := IsFinalTx(&tx, height, time); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	genesis := spendTx(1, 1)
	genesis.In[0].Sequence = 0
	if !IsFinalTx(&genesis, 0, 0) {
		t.Error("no lock holds at height 0")
	}
}

// A coin made at height 1000, whose block's parent has the median time 50,000.
func TestSequenceLocks(t *testing.T) {
	const disabled, byTime = 1 << 31, 1 << 22
	none := SequenceLock{Height: -1, Time: -1}
	cases := []struct {
		name      string
		version   uint32
		sequences []uint32
		want      SequenceLock
	}{
		{"version 1", 1, []uint32{5}, none},
		{"disabled", 2, []uint32{disabled | 5, disabled | byTime | 5}, none},
		{"no blocks", 2, []uint32{0}, SequenceLock{999, -1}},
		{"five blocks", 2, []uint32{5}, SequenceLock{1004, -1}},
		{"sixteen bits count", 2, []uint32{0x0003_0005}, SequenceLock{1004, -1}},
		{"the most blocks", 2, []uint32{0xffff}, SequenceLock{1000 + 65534, -1}},
		{"no time", 2, []uint32{byTime}, SequenceLock{-1, 49_999}},
		{"three units", 2, []uint32{byTime | 3}, SequenceLock{-1, 50_000 + 3*512 - 1}},
		{"the later of each kind", 2, []uint32{5, 3, byTime | 1, byTime | 2}, SequenceLock{1004, 50_000 + 1023}},
		{"version as unsigned", 0xffffffff, []uint32{5}, SequenceLock{1004, -1}},
	}
	for _, c := range cases {
		tx := spendTx(1, len(c.sequences))
		tx.Version = c.version
		spent := make([]Coin, len(tx.In))
		for i, s := range c.sequences {
			tx.In[i].Sequence = s
			spent[i] = Coin{Height: 1000}
		}
		got := SequenceLocks(&tx, spent, func(height int32) int64 {
			if height != 1000 {
				t.Errorf("asked for height %d", height)
			}
			return 50_000
		})
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestSequenceLockPasses(t *testing.T) {
	cases := []struct {
		lock SequenceLock
		want bool
	}{
		{SequenceLock{-1, -1}, true},
		{SequenceLock{999, -1}, true},
		{SequenceLock{1000, -1}, false},
		{SequenceLock{-1, 49_999}, true},
		{SequenceLock{-1, 50_000}, false},
		{SequenceLock{1000, 0}, false},
	}
	for _, c := range cases {
		if got := c.lock.Passes(1000, 50_000); got != c.want {
			t.Errorf("%+v: %v", c.lock, got)
		}
	}
}

func TestSequenceLocksAllocate(t *testing.T) {
	tx := spendTx(1, 3)
	tx.In[0].Sequence, tx.In[1].Sequence = 1<<22|1, 7
	spent := make([]Coin, 3)
	mtp := int64(5)
	if n := testing.AllocsPerRun(10, func() {
		SequenceLocks(&tx, spent, func(int32) int64 { return mtp })
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
