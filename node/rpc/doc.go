// Package rpc answers JSON-RPC over HTTP as the ecosystem's wallets and scripts expect it: the legacy dialect (1.0 and 1.1) and
// strict 2.0, single calls and batches, named arguments, cookie and password authentication, white lists, and error codes and
// messages that clients match on.
//
// # Parts
//
// A [Table] holds the [Command]s: each names its arguments and results, and from that the table checks calls and writes the help
// texts. A [Server] listens, authenticates and calls. The methods themselves live in files named after what they are about and
// reach the node through small interfaces that this package declares.
//
// # Ownership and concurrency
//
// Commands are added before calls are answered and never change afterwards. Handlers run concurrently, one goroutine a call, at
// most [Config.Threads] of them; [Config.WorkQueue] more may wait, further ones get HTTP 503. [Value], [Request] and [Writer]
// belong to the call that they serve.
//
// # Attacker
//
// Whoever reaches the port without a password: connections, header and body sizes and times are bounded, addresses outside the
// allowed subnets get 403 before anything is read, and a wrong password costs a quarter of a second. Whoever has the password is
// trusted with every method that their white list allows; what one call of theirs can cost is still bounded (body of 32 MiB,
// 512 levels and 4 million values of JSON).
package rpc
