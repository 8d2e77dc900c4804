/*
 * Two threads pass records of every size through a small ring, millions of
 * times around it, the writer dropping what does not fit as the audio thread
 * does. Every byte carries its record's number and place. Built with
 * -fsanitize=thread this also shows that the counters order all accesses.
 */
#include "../ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mark {
	uint64_t seq;
	uint32_t size; /* of the whole record, a multiple of 64 */
	uint32_t lost; /* records dropped before this one */
};

static struct ring ring;
static uint64_t    records;

/* xorshift64: sizes that no period of the ring fits */
static uint64_t next(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

static unsigned char pattern(uint64_t seq, uint32_t i)
{
	return (unsigned char)(seq * 31 + i * 7 + (i >> 8));
}

static void *writer(void *arg)
{
	(void)arg;
	uint64_t seed = 88172645463325252u;
	uint32_t lost = 0;
	for (uint64_t seq = 0; seq < records; seq++) {
		const uint32_t size = 64 * (uint32_t)(1 + next(&seed) % 24);
		/* Every 64th record is waited for, so that the reader gets its turn
		 * with a ring that is not always full. */
		while (seq % 64 == 0 && ring_room(&ring) < size)
			sched_yield();
		if (ring_room(&ring) < size) {
			lost++;
			continue;
		}
		unsigned char *p = ring_space(&ring);
		struct mark    m = {seq, size, lost};
		memcpy(p, &m, sizeof m);
		for (uint32_t i = sizeof m; i < size; i++)
			p[i] = pattern(seq, i);
		ring_push(&ring, size);
		lost = 0;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	records = argc > 1 ? strtoull(argv[1], NULL, 10) : 2000000;
	if (ring_open(&ring, 1 << 14) != 0) {
		perror("ring");
		return 1;
	}
	/* Start close to where a 32-bit counter would wrap. */
	const uint64_t start = ((uint64_t)1 << 32) - 5 * ring.size;
	atomic_store(&ring.head, start);
	atomic_store(&ring.tail, start);

	pthread_t w;
	pthread_create(&w, NULL, writer, NULL);

	uint64_t want = 0, got = 0, dropped = 0, bytes = 0;
	while (want + 64 <= records) { /* fewer can be lost at the very end */
		uint64_t fill = ring_fill(&ring);
		if (fill == 0) {
			sched_yield();
			continue;
		}
		const unsigned char *p = ring_front(&ring);
		struct mark m;
		memcpy(&m, p, sizeof m);
		if (m.size > fill || m.size > ring.size || m.seq != want + m.lost) {
			printf("record %llu: seq %llu, %u lost, %u of %llu bytes\n", (unsigned long long)want,
			       (unsigned long long)m.seq, m.lost, m.size, (unsigned long long)fill);
			return 1;
		}
		for (uint32_t i = sizeof m; i < m.size; i++) {
			if (p[i] != pattern(m.seq, i)) {
				printf("record %llu: byte %u is %u, not %u\n", (unsigned long long)m.seq, i, p[i],
				       pattern(m.seq, i));
				return 1;
			}
		}
		ring_pop(&ring, m.size);
		want = m.seq + 1;
		got++;
		dropped += m.lost;
		bytes += m.size;
	}
	pthread_join(w, NULL);
	ring_close(&ring);
	printf("%llu records, %llu dropped whole, %llu times around the ring\n", (unsigned long long)got,
	       (unsigned long long)dropped, (unsigned long long)(bytes >> 14));
	if (got < records / 64 || dropped == 0) {
		printf("the ring was never full, or nothing came through\n");
		return 1;
	}
	return 0;
}
