/*
 * ring: bytes from one thread to one other, without locks.
 *
 * The memory is mapped twice, back to back, so that whatever is in the ring,
 * or free in it, is one run of bytes: nobody ever handles a wrap. The counters
 * run freely (2^64 bytes outlast any take) and stand on cache lines of their
 * own; each is stored by one side only.
 *
 * What is written becomes visible with ring_push and not before, so a block
 * goes in whole or not at all.
 */
#ifndef JACKKNIFE_RING_H
#define JACKKNIFE_RING_H

#include <stdatomic.h>
#include <stdint.h>

#define CACHE_LINE 64

struct ring {
	unsigned char *data; /* size bytes, mapped twice in a row */
	uint64_t       size; /* a power of two, in bytes */
	_Alignas(CACHE_LINE) _Atomic uint64_t head; /* bytes ever pushed, stored by the writer */
	_Alignas(CACHE_LINE) _Atomic uint64_t tail; /* bytes ever popped, stored by the reader */
};

/*
 * ring_open maps a ring of at least size bytes, touches all of it and locks it
 * in memory where that is allowed (a populated page stays on a machine without
 * swap anyway). Returns 0, or -1 with errno set.
 * Neither may be running.
 */
int ring_open(struct ring *r, uint64_t size);

/* ring_close gives the memory back. Neither may be running. */
void ring_close(struct ring *r);

/* ring_room is how many bytes are free. Writer only. */
static inline uint64_t ring_room(struct ring *r)
{
	return r->size - (atomic_load_explicit(&r->head, memory_order_relaxed) -
	                  atomic_load_explicit(&r->tail, memory_order_acquire));
}

/* ring_space is where the free bytes begin. Writer only. */
static inline void *ring_space(struct ring *r)
{
	return r->data + (atomic_load_explicit(&r->head, memory_order_relaxed) & (r->size - 1));
}

/* ring_push hands n written bytes to the reader. Writer only. */
static inline void ring_push(struct ring *r, uint64_t n)
{
	atomic_store_explicit(&r->head, atomic_load_explicit(&r->head, memory_order_relaxed) + n,
	                      memory_order_release);
}

/* ring_fill is how many bytes are to be read. Reader only. */
static inline uint64_t ring_fill(struct ring *r)
{
	return atomic_load_explicit(&r->head, memory_order_acquire) -
	       atomic_load_explicit(&r->tail, memory_order_relaxed);
}

/* ring_front is where the bytes to be read begin. Reader only. */
static inline void *ring_front(struct ring *r)
{
	return r->data + (atomic_load_explicit(&r->tail, memory_order_relaxed) & (r->size - 1));
}

/* ring_pop gives n bytes back to the writer. Reader only. */
static inline void ring_pop(struct ring *r, uint64_t n)
{
	atomic_store_explicit(&r->tail, atomic_load_explicit(&r->tail, memory_order_relaxed) + n,
	                      memory_order_release);
}

#endif
