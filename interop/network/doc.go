// Package network holds our node, as a program, against other programs: btcd
// as a peer, and btcd's rpcclient as a wallet. It has tests only; this file is
// here so that the folder is a package.
//
// The programs are built once a run, each node has a folder of its own, and all
// of them listen on loopback ports that were free a moment before. What is
// waited for is asked for again and again until a deadline that no healthy
// machine comes near.
package network
