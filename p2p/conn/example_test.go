package conn_test

import (
	"fmt"
	"time"

	"grapevine/p2p/conn"
	"grapevine/p2p/peer"
)

// The loop of whoever owns a plan: dial what it says, tell it what became of that, and
// come back when it wants to be asked again.
func ExamplePlan() {
	p := conn.New(conn.Config{Added: []string{"node.example"}, MaxInbound: 1, DefaultPort: 8333})
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

	for _, d := range p.Next(now) {
		fmt.Println("dial", d.Target, d.Kind)
		p.Failed(now, d, false)
	}
	at, _ := p.Wake()
	fmt.Println("again after", at.Sub(now))
	for _, d := range p.Next(at) {
		fmt.Println("dial", d.Target, d.Kind)
		p.Connected(at, 1, conn.Info{Kind: d.Kind, Target: d.Target})
	}

	fmt.Println("first inbound:", p.Connected(at, 2, conn.Info{Kind: peer.Inbound}).Admitted)
	fmt.Println("second inbound:", p.Connected(at, 3, conn.Info{Kind: peer.Inbound}).Admitted)
	// Output:
	// dial node.example manual
	// again after 500ms
	// dial node.example manual
	// first inbound: true
	// second inbound: false
}
