// Command seedtable makes the tables of seeds/tables from lists in text, an
// address a line.
//
//	go run ./scripts/internal/seedtable -port 8333 list.txt seeds/tables/main.bin
package main

import (
	"flag"
	"fmt"
	"os"

	"grapevine/seeds"
)

func main() {
	port := flag.Uint("port", 0, "port of addresses that name none")
	flag.Parse()
	if flag.NArg() != 2 || *port > 1<<16-1 {
		fmt.Fprintln(os.Stderr, "usage: seedtable [-port PORT] LIST TABLE")
		os.Exit(2)
	}
	if err := convert(flag.Arg(0), flag.Arg(1), uint16(*port)); err != nil {
		fmt.Fprintln(os.Stderr, "seedtable:", err)
		os.Exit(1)
	}
}

func convert(from, to string, port uint16) (err error) {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	list, err := seeds.ParseList(f, port)
	if err != nil {
		return err
	}
	table, err := seeds.AppendTable(nil, list)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d addresses, %d bytes\n", to, len(list), len(table))
	return os.WriteFile(to, table, 0o644)
}
