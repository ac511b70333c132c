package main

import (
	"os"

	"grapevine/cmd/grapevine/internal/client"
	"grapevine/node"
	"grapevine/node/config"
)

// runClient is `grapevine cli`.
func runClient(program config.Program, args []string) int {
	return client.Run(program, node.Version, args, os.Stdin, os.Stdout, os.Stderr)
}
