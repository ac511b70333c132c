// Command grapevine is a Bitcoin full node and its tools in one binary. Called as bitcoind or bitcoin-cli (by a link of that name)
// it takes the place of that program.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"grapevine/cmd/grapevine/internal/benchchain"
	"grapevine/node"
	"grapevine/node/config"
)

func main() {
	os.Exit(run(os.Args))
}

// run finds out as what it was called. It returns the exit code.
func run(args []string) int {
	switch name := strings.TrimSuffix(filepath.Base(args[0]), ".exe"); name {
	case "bitcoind":
		return runNode(config.Bitcoind, args[1:])
	case "bitcoin-cli":
		return runClient(config.BitcoinCLI, args[1:])
	}
	// These two have a parser of their own: -nolisten, -debug twice and the like are not what a general one understands.
	if len(args) > 1 {
		switch args[1] {
		case "node":
			return runNode(config.Node, args[2:])
		case "cli":
			return runClient(config.CLI, args[2:])
		}
	}
	if err := app().RunContext(context.Background(), args); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		return 1
	}
	return 0
}

func app() *cli.App {
	return &cli.App{
		Name:            "grapevine",
		Usage:           "a Bitcoin full node",
		Version:         node.Version,
		HideVersion:     true,
		HideHelpCommand: true,
		Description: "Called as bitcoind it is `grapevine node`, called as bitcoin-cli `grapevine cli`,\n" +
			"each with the data directory of that program.",
		Commands: []*cli.Command{
			// The first two never get here with arguments; they stand here for the help.
			{Name: "node", Usage: "run a node (takes bitcoind's options; -help lists them)", SkipFlagParsing: true, HideHelp: true, Action: func(c *cli.Context) error {
				return exitCode(runNode(config.Node, c.Args().Slice()))
			}},
			{Name: "cli", Usage: "call a node (takes bitcoin-cli's options; -help lists them)", SkipFlagParsing: true, HideHelp: true, Action: func(c *cli.Context) error {
				return exitCode(runClient(config.CLI, c.Args().Slice()))
			}},
			{Name: "bench", Usage: "measure", Subcommands: []*cli.Command{benchchain.Command()}},
			{Name: "version", Usage: "print the version", Action: func(c *cli.Context) error {
				_, err := fmt.Fprintln(c.App.Writer, "Grapevine version "+node.Version)
				return err
			}},
		},
		// An unknown command is an error; by default the help would hide that.
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fmt.Errorf("there is no command %q; `grapevine --help` lists them", c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
	}
}

func exitCode(code int) error {
	if code == 0 {
		return nil
	}
	return cli.Exit("", code)
}
