#define _GNU_SOURCE
#include "ring.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

int ring_open(struct ring *r, uint64_t size)
{
	r->data = NULL;
	r->size = (uint64_t)sysconf(_SC_PAGESIZE);
	while (r->size < size)
		r->size *= 2;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);

	int fd = memfd_create("jackknife-ring", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	unsigned char *data = MAP_FAILED;
	if (ftruncate(fd, (off_t)r->size) == 0)
		data = mmap(NULL, 2 * r->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (data != MAP_FAILED) {
		const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
		if (mmap(data, r->size, prot, flags, fd, 0) == MAP_FAILED ||
		    mmap(data + r->size, r->size, prot, flags, fd, 0) == MAP_FAILED) {
			int why = errno;
			munmap(data, 2 * r->size);
			errno = why;
			data = MAP_FAILED;
		}
	}
	int why = errno;
	close(fd);
	errno = why;
	if (data == MAP_FAILED)
		return -1;
	r->data = data;
	/* One view is enough: it is the same pages, and only one view counts
	 * against the user's limit. */
	(void)mlock(data, r->size);
	return 0;
}

void ring_close(struct ring *r)
{
	if (r->data)
		munmap(r->data, 2 * r->size);
	r->data = NULL;
}
