package p2p

// Check verifies the invariants of a core.
func (c *Core) Check() error { return c.check() }
