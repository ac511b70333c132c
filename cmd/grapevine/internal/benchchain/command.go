package benchchain

import (
	"bufio"
	"fmt"
	"os"
	"time"

	"github.com/urfave/cli/v2"
)

// Command returns "bench chain": it writes the chain to a file and tells what
// it holds, one "name value" a line.
func Command() *cli.Command {
	return &cli.Command{
		Name:      "chain",
		Usage:     "write a deterministic regtest chain as a block file",
		ArgsUsage: "FILE",
		Flags: []cli.Flag{
			&cli.Uint64Flag{Name: "seed", Usage: "another number, another chain"},
			&cli.IntFlag{Name: "signatures", Usage: "signatures to hold at least", Value: 550_000},
			&cli.IntFlag{Name: "coins", Usage: "coins alive at a time", Value: 40_000},
			&cli.IntFlag{Name: "block-bytes", Usage: "size of a full block", Value: 690_000},
			&cli.IntFlag{Name: "p2pkh", Usage: "weight of P2PKH coins in the mix", Value: 125},
			&cli.IntFlag{Name: "p2wpkh", Usage: "weight of P2WPKH coins", Value: 500},
			&cli.IntFlag{Name: "p2tr-key", Usage: "weight of P2TR coins spent by key", Value: 250},
			&cli.IntFlag{Name: "p2tr-script", Usage: "weight of P2TR coins spent by script"},
			&cli.IntFlag{Name: "p2wsh", Usage: "weight of P2WSH 2-of-3 multisig coins", Value: 125},
		},
		Action: run,
	}
}

func run(c *cli.Context) (err error) {
	if c.NArg() != 1 {
		return cli.Exit("want the name of the file to write", 2)
	}
	cfg := Config{Seed: c.Uint64("seed"), Signatures: c.Int("signatures"), Coins: c.Int("coins"), BlockBytes: c.Int("block-bytes")}
	sum := 0
	for k := range kinds {
		cfg.Mix[k] = c.Int(k.String())
		sum += cfg.Mix[k]
	}
	if sum <= 0 {
		return cli.Exit("no weight in the mix is above zero", 2)
	}
	// A chain cut short must not pass for a whole one.
	name := c.Args().First()
	f, err := os.Create(name + ".part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	start := time.Now()
	w := bufio.NewWriterSize(f, 1<<20)
	stats, err := Write(c.Context, cfg, w)
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.App.Writer, "height %d\ntip %s\ntransactions %d\ninputs %d\nsignatures %d\nbytes %d\nseconds %.1f\n",
		stats.Height, stats.Tip, stats.Transactions, stats.Inputs, stats.Signatures, stats.Bytes, time.Since(start).Seconds())
	return err
}
