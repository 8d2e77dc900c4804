// What a server tells its clients, kept until Go asks for it.
#ifndef JACKGRAPH_WATCH_H
#define JACKGRAPH_WATCH_H

#include <jack/jack.h>
#include <jack/metadata.h>

enum notice_kind {
	NOTICE_CLIENT,     // on/off, name
	NOTICE_PORT,       // on/off, a, name
	NOTICE_CONNECTION, // on/off, a -> b, name -> other
	NOTICE_RENAME,     // a, name -> other
	NOTICE_METADATA,
	NOTICE_ORDER,
	NOTICE_BLOCK,      // number: frames
	NOTICE_RATE,       // number: frames per second
	NOTICE_FREEWHEEL,  // on/off
	NOTICE_SHUTDOWN,   // name: the reason
};

struct notice {
	struct notice *next;
	enum notice_kind kind;
	int on;
	jack_port_id_t a, b;
	unsigned number;
	const char *name, *other; // behind the notice, in the same allocation
};

struct watch;

// watch_new sets all callbacks of a client that is not active yet; NULL where
// that fails. wake is an eventfd, written when there is something to take; gone
// becomes 1 when the server ends.
struct watch *watch_new(jack_client_t *client, int wake, int *gone);

// watch_take returns the notices since the last call, oldest first; the caller
// frees each.
struct notice *watch_take(struct watch *w);

// watch_xruns returns how many there were since the last call.
unsigned watch_xruns(struct watch *w);

// watch_free may be called when the client is closed.
void watch_free(struct watch *w);

#endif
