package rpc

import (
	"context"

	"grapevine/chain"
	"grapevine/wire"
)

// Defaults of verifychain.
const (
	defaultCheckLevel  = 3
	defaultCheckBlocks = 6
	maxCheckLevel      = 4
)

func (l *ledger) verifyChain(ctx context.Context, r *Request, w *Writer) error {
	level, blocks := int32(defaultCheckLevel), int32(defaultCheckBlocks)
	for i, v := range []*int32{&level, &blocks} {
		if !r.Has(i) {
			continue
		}
		var err error
		if *v, err = r.Int32(i); err != nil {
			return err
		}
	}
	height := l.Blocks.Active().Height()
	if blocks <= 0 || blocks > height {
		blocks = height
	}
	done, err := l.Operator.VerifyDB(ctx, int(max(0, min(maxCheckLevel, level))), int(blocks))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		l.log.Error("chain does not verify", "err", err)
	}
	w.Bool(err == nil && done == chain.VerifiedAll)
	return nil
}

// override makes the handler of a method that takes one block hash.
func (l *ledger) override(act func(ctx context.Context, hash wire.BlockHash) error) Handler {
	return func(ctx context.Context, r *Request, w *Writer) error {
		n, err := l.block(r.Arg(0), "blockhash")
		if err != nil {
			return err
		}
		if err := act(ctx, n.Hash()); err != nil {
			return Errorf(CodeDatabase, "%s", err)
		}
		w.Null()
		return nil
	}
}

func (l *ledger) operatorCommands() []Command {
	hashArg := func(what string) []Arg { return []Arg{argBlockHash(what)} }
	return []Command{
		{
			Category: "blockchain", Name: "verifychain", Handler: l.verifyChain,
			Description: "Checks the newest blocks and the coins against each other.",
			Args: []Arg{
				{Names: "checklevel", Type: ArgNum, Hint: "3, range=0-4", Description: "how thoroughly; each level does what those below it do:\n" +
					"0 reads the blocks\n1 checks them by themselves\n2 reads the undo data\n3 takes them off the coins in memory\n4 connects them again, scripts included"},
				{Names: "nblocks", Type: ArgNum, Hint: "6, 0=all", Description: "how many blocks"},
			},
			Results:  []Result{{Type: ResBool, Description: "true when all is well; the log says what is not"}},
			Examples: examples("verifychain", "", ""),
		}, {
			Category: "blockchain", Name: "preciousblock", Handler: l.override(l.Operator.Precious),
			Description: "Prefers a block over others with as much work, as if it had come first. A later call overrides an earlier one; a restart forgets.",
			Args:        hashArg("block to prefer"),
			Results:     []Result{{Type: ResNone}},
			Examples:    examples("preciousblock", `"blockhash"`, `"blockhash"`),
		}, {
			Category: "hidden", Name: "invalidateblock", Handler: l.override(l.Operator.Invalidate),
			Description: "Treats a block and all that builds on it as if it broke a rule, until reconsiderblock.",
			Args:        hashArg("block to refuse"),
			Results:     []Result{{Type: ResNone}},
			Examples:    examples("invalidateblock", `"blockhash"`, `"blockhash"`),
		}, {
			Category: "hidden", Name: "reconsiderblock", Handler: l.override(l.Operator.Reconsider),
			Description: "Forgets that a block, what it builds on and what builds on it were found or called invalid, and judges them anew.",
			Args:        hashArg("block to judge again"),
			Results:     []Result{{Type: ResNone}},
			Examples:    examples("reconsiderblock", `"blockhash"`, `"blockhash"`),
		},
	}
}
