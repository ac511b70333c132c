package headersync

import "unsafe"

// fifoChunk is how many items are allocated together, and freed as soon as they
// have left: 4 KiB of words, 24 KiB of headers.
const fifoChunk = 512

// fifo is a queue that never takes much more memory than what is in it.
type fifo[T any] struct {
	chunks []*[fifoChunk]T
	head   int // of the first chunk, the first item that is in
	count  int
}

func (q *fifo[T]) len() int { return q.count }

func (q *fifo[T]) push(item T) {
	at := q.head + q.count
	if at/fifoChunk == len(q.chunks) {
		q.chunks = append(q.chunks, new([fifoChunk]T))
	}
	q.chunks[at/fifoChunk][at%fifoChunk] = item
	q.count++
}

// pop takes the oldest item; there must be one.
func (q *fifo[T]) pop() T {
	item := q.chunks[0][q.head]
	q.head++
	q.count--
	if q.head == fifoChunk || q.count == 0 {
		q.chunks[0] = nil
		q.chunks, q.head = q.chunks[1:], 0
	}
	return item
}

// footprint returns the bytes that the queue takes.
func (q *fifo[T]) footprint() int {
	return len(q.chunks)*int(unsafe.Sizeof([fifoChunk]T{})) + cap(q.chunks)*int(unsafe.Sizeof(uintptr(0)))
}

// bitQueue is a fifo of single bits.
type bitQueue struct {
	words   fifo[uint64]
	in, out uint64
	pushed  int // bits in in
	left    int // bits in out
}

func (q *bitQueue) len() int { return q.words.len()*64 + q.pushed + q.left }

func (q *bitQueue) push(bit uint64) {
	q.in |= bit << q.pushed
	if q.pushed++; q.pushed == 64 {
		q.words.push(q.in)
		q.in, q.pushed = 0, 0
	}
}

// pop takes the oldest bit; there must be one.
func (q *bitQueue) pop() uint64 {
	if q.left == 0 {
		if q.words.len() > 0 {
			q.out, q.left = q.words.pop(), 64
		} else {
			q.out, q.left = q.in, q.pushed
			q.in, q.pushed = 0, 0
		}
	}
	bit := q.out & 1
	q.out >>= 1
	q.left--
	return bit
}

func (q *bitQueue) footprint() int { return q.words.footprint() }
