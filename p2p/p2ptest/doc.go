// Package p2ptest runs a network of p2p cores in one goroutine on a clock of
// its own. A thousand nodes with eight connections each pass a minute of their
// life in about a second, and the same seed always gives the same run.
//
// # The model
//
// A [Network] is a heap of events in order of time. Each [Node] holds a
// [Stepper], which is the real core or a few lines that play an attacker, and does for it
// what the shell does on sockets:
//
//   - A connection delivers messages in order, each after the latency of the link,
//     which is drawn once from a log-normal distribution. What a node sends
//     shares its upload bandwidth: connections with something to send take
//     turns of a quantum each, as streams of TCP do. At most a window of bytes of
//     one connection is on its way or waits at a receiver that does not read.
//   - Loss costs time, as it does below TCP: a message that lost a packet comes
//     a retransmission timeout later, and all behind it wait.
//   - A receiver reads on while the bytes that it was given and did not release
//     are within its credit.
//   - [Network.Partition] holds back everything between two sides, including the
//     ends of connections; [Network.Churn] stops and starts nodes; [Node.Freeze]
//     makes a node silent with its connections up.
//   - A [Ledger] keeps a real tree of headers and judges headers and blocks after a
//     delay, one after the other; blocks may arrive in any order. A [Pool]
//     refuses conflicts and reports missing parents. Blocks and transactions
//     come from a [World], which makes each once for all nodes; nothing is
//     encoded, decoded or verified twice.
//
// Messages are passed by pointer. With [Config.Strict] the engine hashes
// every message when it is sent and when it arrives, so that a core that changes
// what it was handed is found; and a referee watches each real core for what no core may
// do, such as asking two peers at once for one transaction.
//
// # Determinism
//
// Events at the same time run in the order in which they were scheduled; all
// randomness comes from the seed; [Network.Trace] hashes every step and every
// action, so that two runs can be compared. [Seeds] runs a test with a number of
// seeds and prints, for one that fails, the command that replays it.
//
// Everything here belongs to the goroutine that calls [Network.Run]. Only tests
// import the package.
package p2ptest
