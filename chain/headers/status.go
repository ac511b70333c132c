package headers

import "strings"

// Status is what the node knows about a block beyond its header, as bits. A
// node that is in the tree has passed all checks of its header.
type Status uint32

// The bits of a [Status]. Their values are stored on disk.
const (
	// StatusValidTransactions: the block was seen whole and passed every check
	// that needs no coins. TxCount is known from then on. It says nothing of
	// the parent; [Node.ChainTxCount] does.
	StatusValidTransactions Status = 1 << 0
	// StatusValidScripts: the block was connected: coins, amounts and, unless
	// skipped below the assumed-valid block, scripts. All ancestors have it.
	StatusValidScripts Status = 1 << 1
	// StatusHasData: the block is in a block file, at File and DataPos.
	StatusHasData Status = 1 << 3
	// StatusHasUndo: its undo data is in the rev file of the same number, at
	// UndoPos.
	StatusHasUndo Status = 1 << 4
	// StatusFailed: the block itself broke a rule, or the operator said so.
	StatusFailed Status = 1 << 5
	// StatusFailedChild: an ancestor has StatusFailed.
	StatusFailedChild Status = 1 << 6
	// StatusOptWitness: the block was stored by a node that knows segwit, so its
	// witness is there.
	StatusOptWitness Status = 1 << 7

	// StatusInvalid is the mask of both reasons never to connect a block.
	StatusInvalid = StatusFailed | StatusFailedChild
)

var statusNames = [...]struct {
	bit  Status
	name string
}{
	{StatusValidTransactions, "transactions"},
	{StatusValidScripts, "scripts"},
	{StatusHasData, "data"},
	{StatusHasUndo, "undo"},
	{StatusFailed, "failed"},
	{StatusFailedChild, "failed-child"},
	{StatusOptWitness, "witness"},
}

// Has reports whether all the bits are set.
func (s Status) Has(bits Status) bool { return s&bits == bits }

// Invalid reports whether the block or an ancestor failed.
func (s Status) Invalid() bool { return s&StatusInvalid != 0 }

// String lists the set bits, for logs.
func (s Status) String() string {
	var set []string
	for _, n := range statusNames {
		if s&n.bit != 0 {
			set = append(set, n.name)
		}
	}
	return strings.Join(set, "+")
}

// Sequence numbers order blocks of equal work by arrival: the lower wins.
const (
	// SequenceBestFromDisk is for blocks of the active chain at start-up.
	SequenceBestFromDisk int32 = 0
	// SequenceFromDisk is for all others that were loaded, and for headers
	// whose block has not arrived.
	SequenceFromDisk int32 = 1
)

// Status returns the status bits.
func (n *Node) Status() Status { return Status(n.status.Load()) }

// SetStatus replaces the status bits. Owner only, as all setters.
func (n *Node) SetStatus(s Status) { n.status.Store(uint32(s)) }

// AddStatus sets bits and returns the new status.
func (n *Node) AddStatus(bits Status) Status {
	return Status(n.status.Or(uint32(bits))) | bits
}

// ClearStatus clears bits and returns the new status.
func (n *Node) ClearStatus(bits Status) Status {
	return Status(n.status.And(^uint32(bits))) &^ bits
}

// TxCount returns the number of transactions, 0 before
// [StatusValidTransactions].
func (n *Node) TxCount() uint32 { return n.txCount.Load() }

// SetTxCount sets the number of transactions of the block.
func (n *Node) SetTxCount(count uint32) { n.txCount.Store(count) }

// ChainTxCount returns the number of transactions from genesis up to and
// including this block, 0 while a block among them is still unknown.
func (n *Node) ChainTxCount() uint64 { return n.chainTxCount.Load() }

// SetChainTxCount sets the number of transactions up to here.
func (n *Node) SetChainTxCount(count uint64) { n.chainTxCount.Store(count) }

// File returns the number of the block file, valid with [StatusHasData] or
// [StatusHasUndo].
func (n *Node) File() uint32 { return n.file.Load() }

// DataPos returns the offset of the block in its file.
func (n *Node) DataPos() uint32 { return n.dataPos.Load() }

// SetData sets where the block is: the number of its file and the offset there.
// Its undo data goes to the file of the same number. [StatusHasData] is set
// afterwards, so that who sees the bit sees the place.
func (n *Node) SetData(file, pos uint32) {
	n.file.Store(file)
	n.dataPos.Store(pos)
}

// UndoPos returns the offset of the undo data in its file.
func (n *Node) UndoPos() uint32 { return n.undoPos.Load() }

// SetUndoPos sets the offset of the undo data in its file.
func (n *Node) SetUndoPos(pos uint32) { n.undoPos.Store(pos) }

// SequenceID returns the place in the order of arrival.
func (n *Node) SequenceID() int32 { return n.sequenceID.Load() }

// SetSequenceID sets the place in the order of arrival; a precious block gets a
// negative one.
func (n *Node) SetSequenceID(id int32) { n.sequenceID.Store(id) }
