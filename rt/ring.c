#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

int ring_open(struct ring *r, uint64_t size)
{
	r->data = NULL;
	r->size = (uint64_t)sysconf(_SC_PAGESIZE);
	while (r->size < size)
		r->size *= 2;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);

	unsigned char *data = mmap(NULL, 2 * r->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -1;
	/* An old size of 0 asks for a second view of the same pages (mremap(2)). */
	if (mremap(data, 0, r->size, MREMAP_MAYMOVE | MREMAP_FIXED, data + r->size) == MAP_FAILED) {
		int why = errno;
		munmap(data, 2 * r->size);
		errno = why;
		return -1;
	}
	/* Locking one view is enough: it is the same pages, and only one counts
	 * against the user's limit. It touches them, too, where it is allowed. Each
	 * view has page table entries of its own; those of the second are made many
	 * at a time where its pages are there and are only to be read. They are
	 * writable all the same. (MADV_POPULATE: since Linux 5.14.) */
	if (mlock(data, r->size) != 0 && madvise(data, r->size, MADV_POPULATE_WRITE) != 0)
		memset(data, 0, r->size);
	if (madvise(data + r->size, r->size, MADV_POPULATE_READ) != 0)
		memset(data + r->size, 0, r->size);
	r->data = data;
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->data)
		munmap(r->data, 2 * r->size);
	r->data = NULL;
}
