package rpc

import (
	"testing"

	"grapevine/chain/index"
	"grapevine/chain/params"
)

type fakeIndex index.Summary

func (f fakeIndex) Summary() index.Summary { return index.Summary(f) }

func TestIndexInfo(t *testing.T) {
	f := newFakeLedger(params.Regtest(params.RegtestOptions{}))
	f.indexes = []Index{fakeIndex{Name: "txindex", Synced: true, Height: 7}, fakeIndex{Name: "other"}}
	table := f.table(t)
	for args, want := range map[string]string{
		``:          `{"txindex":{"synced":true,"best_block_height":7},"other":{"synced":false,"best_block_height":0}}`,
		`"other"`:   `{"other":{"synced":false,"best_block_height":0}}`,
		`"txindex"`: `{"txindex":{"synced":true,"best_block_height":7}}`,
		`"none"`:    `{}`,
		`null`:      `{"txindex":{"synced":true,"best_block_height":7},"other":{"synced":false,"best_block_height":0}}`,
	} {
		if got, err := ask(t, table, "getindexinfo", args); err != nil || got != want {
			t.Errorf("%s: %s, %v", args, got, err)
		}
	}
}
