/* card.h: what the file of a simulated card holds. cards.go has the same two
 * structs, header and element, byte for byte. */
#ifndef CARD_H
#define CARD_H
#include <stddef.h>
#include <stdint.h>

#define VALUES 128

/* What the driver does with a value that is out of range. */
enum law { REFUSE, MASK7, MASK8, TRUTH, FIRST, MODULO };

/* How the element differs from a plain register. */
enum quirk {
	PLAIN,
	CLOCK,  /* ICE1712 clock: a rate drags the default (element .of) along */
	ECHO,   /* reads as element .of */
	CLEARS, /* reading clears it */
};

struct element {
	int32_t iface, device, subdevice, index;
	uint32_t type, count, access;
	int32_t law;
	int64_t min, max, step;
	int32_t quirk, of;
	uint32_t items, items_at; /* NUL-terminated texts at this file offset */
	int32_t owner;            /* who locked it: a pid, 0 nobody */
	uint32_t value_gen, info_gen;
	uint32_t tlv[9];
	char name[44];
	int32_t read_errno;       /* reading fails with it, 0 not */
	int64_t value[VALUES];
};

struct card {
	char magic[8];
	int32_t elements;
	int32_t gone;          /* unplugged */
	int32_t fail_writes;   /* so many writes fail with fail_errno */
	int32_t fail_errno;
	int32_t ignore_writes; /* so many writes succeed and change nothing */
	int32_t gone_after;    /* unplugged after so many writes, 0 never */
	int32_t running;       /* a PCM is open */
	uint32_t writes, reads, touch;
	char id[16], driver[16], name[32], longname[80], mixername[80], pcm[80];
	struct element e[];
};

_Static_assert(sizeof(struct element) == 1192, "cards.go says 1192");
_Static_assert(offsetof(struct card, e) == 352, "cards.go says 352");

#endif
