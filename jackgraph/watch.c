// The callbacks run on libjack's own threads, where no request to the server
// may be made. They are not the audio thread, but for the count of xruns.
#include "watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch {
	jack_client_t *client;
	int wake, *gone;
	atomic_uint xruns;
	pthread_mutex_t lock; // guards the two below
	struct notice *first, **last;
};

static void poke(struct watch *w) {
	uint64_t one = 1;
	ssize_t n = write(w->wake, &one, sizeof one); // full is as good as written
	(void)n;
}

static void note(struct watch *w, struct notice n, const char *name, const char *other) {
	name = name ? name : "";
	other = other ? other : "";
	size_t length = strlen(name) + 1, more = strlen(other) + 1;
	struct notice *copy = malloc(sizeof *copy + length + more);
	if (!copy)
		return; // the resync finds out
	*copy = n;
	copy->next = NULL;
	copy->name = memcpy((char *)(copy + 1), name, length);
	copy->other = memcpy((char *)(copy + 1) + length, other, more);
	pthread_mutex_lock(&w->lock);
	*w->last = copy;
	w->last = &copy->next;
	pthread_mutex_unlock(&w->lock);
	poke(w);
}

static const char *name_of(struct watch *w, jack_port_id_t id) {
	jack_port_t *port = jack_port_by_id(w->client, id);
	return port ? jack_port_name(port) : NULL;
}

static void on_client(const char *name, int on, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_CLIENT, .on = on}, name, NULL);
}

static void on_port(jack_port_id_t port, int on, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_PORT, .on = on, .a = port}, name_of(arg, port), NULL);
}

static void on_connect(jack_port_id_t a, jack_port_id_t b, int on, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_CONNECTION, .on = on, .a = a, .b = b}, name_of(arg, a), name_of(arg, b));
}

static void on_rename(jack_port_id_t port, const char *old, const char *new, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_RENAME, .a = port}, old, new);
}

static void on_property(jack_uuid_t subject, const char *key, jack_property_change_t change, void *arg) {
	(void)subject, (void)key, (void)change;
	note(arg, (struct notice){.kind = NOTICE_METADATA}, NULL, NULL);
}

static int on_order(void *arg) {
	note(arg, (struct notice){.kind = NOTICE_ORDER}, NULL, NULL);
	return 0;
}

static int on_block(jack_nframes_t frames, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_BLOCK, .number = frames}, NULL, NULL);
	return 0;
}

static int on_rate(jack_nframes_t rate, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_RATE, .number = rate}, NULL, NULL);
	return 0;
}

static int on_xrun(void *arg) {
	struct watch *w = arg;
	atomic_fetch_add(&w->xruns, 1);
	poke(w);
	return 0;
}

static void on_freewheel(int on, void *arg) {
	note(arg, (struct notice){.kind = NOTICE_FREEWHEEL, .on = on}, NULL, NULL);
}

static void ended(struct watch *w) {
	if (w->gone)
		__atomic_store_n(w->gone, 1, __ATOMIC_RELEASE);
}

static void on_shutdown(void *arg) {
	ended(arg);
	note(arg, (struct notice){.kind = NOTICE_SHUTDOWN}, NULL, NULL);
}

static void on_info_shutdown(jack_status_t code, const char *reason, void *arg) {
	(void)code;
	ended(arg);
	note(arg, (struct notice){.kind = NOTICE_SHUTDOWN}, reason, NULL);
}

struct watch *watch_new(jack_client_t *client, int wake, int *gone) {
	struct watch *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	w->client = client;
	w->wake = wake;
	w->gone = gone;
	w->last = &w->first;
	pthread_mutex_init(&w->lock, NULL);
	// PipeWire calls only the plain one.
	jack_on_shutdown(client, on_shutdown, w);
	jack_on_info_shutdown(client, on_info_shutdown, w);
	if (jack_set_client_registration_callback(client, on_client, w) ||
	    jack_set_port_registration_callback(client, on_port, w) ||
	    jack_set_port_connect_callback(client, on_connect, w) ||
	    jack_set_graph_order_callback(client, on_order, w) ||
	    jack_set_buffer_size_callback(client, on_block, w) ||
	    jack_set_sample_rate_callback(client, on_rate, w) ||
	    jack_set_xrun_callback(client, on_xrun, w) ||
	    jack_set_freewheel_callback(client, on_freewheel, w)) {
		watch_free(w);
		return NULL;
	}
	// Servers without metadata or renames refuse: there is nothing to hear.
	jack_set_port_rename_callback(client, on_rename, w);
	jack_set_property_change_callback(client, on_property, w);
	return w;
}

struct notice *watch_take(struct watch *w) {
	pthread_mutex_lock(&w->lock);
	struct notice *first = w->first;
	w->first = NULL;
	w->last = &w->first;
	pthread_mutex_unlock(&w->lock);
	return first;
}

unsigned watch_xruns(struct watch *w) { return atomic_exchange(&w->xruns, 0); }

void watch_free(struct watch *w) {
	for (struct notice *n = watch_take(w), *next; n; n = next) {
		next = n->next;
		free(n);
	}
	pthread_mutex_destroy(&w->lock);
	free(w);
}
