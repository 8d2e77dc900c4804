/* sndcard.c: sound cards that exist only in files, under the kernel's own
 * interface. Loaded with LD_PRELOAD it answers for /dev/snd/controlC<n>, so
 * that the genuine libasound, amixer, alsactl, alsamixer and jackknife speak
 * to it with the ioctls that they would send to a driver.
 *
 *   $SNDCARD_DIR/card<n>           one card: struct card, shared by everybody
 *   $SNDCARD_DIR/dev/snd           what a listing of /dev/snd shows
 *   $SNDCARD_DIR/proc/asound/...   what is read under /proc/asound
 *
 * cards.go makes these files, card.h says what is in a card. Its PCM is pcm.c.
 *
 * A writer changes the file under flock, counts the change in the element and
 * touches the file with pwrite. Subscribers watch the file with inotify. What
 * a program gets as the descriptor of the device is the inotify descriptor: it
 * is readable exactly while an event is pending, as the kernel promises, since
 * it is emptied only when the last change has been taken, under the same lock.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sound/asound.h>

#include "card.h"

/* One open control device. */
struct handle {
	struct card *card;
	size_t size;
	int number;
	int fd;      /* the card's file */
	int watch;   /* the inotify descriptor: what the program holds */
	int watching; /* the watch's number, 0 when not subscribed */
	uint32_t *value_seen, *info_seen;
	pthread_mutex_t lock;
};

#define HANDLES 4096
static struct handle *handles[HANDLES]; /* by descriptor */

#define REAL(ret, name, ...) \
	static ret (*real)(__VA_ARGS__); \
	if (!real) \
		real = (ret (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static struct handle *handle_of(int fd)
{
	return fd >= 0 && fd < HANDLES ? handles[fd] : NULL;
}

static void lock(struct handle *h)
{
	pthread_mutex_lock(&h->lock);
	while (flock(h->fd, LOCK_EX) < 0 && errno == EINTR)
		;
}

static void unlock(struct handle *h)
{
	flock(h->fd, LOCK_UN);
	pthread_mutex_unlock(&h->lock);
}

/* Locked. */
static void wake(struct handle *h)
{
	uint32_t t = h->card->touch + 1;
	if (pwrite(h->fd, &t, sizeof t, offsetof(struct card, touch)) < 0)
		abort();
}

/* Locked. */
static void changed(struct handle *h, struct element *e)
{
	e->value_gen++;
	wake(h);
}

/* The card number in a device path, or -1. */
static int control_number(const char *path)
{
	int n, end = 0;
	if (sscanf(path, "/dev/snd/controlC%d%n", &n, &end) == 1 && !path[end])
		return n;
	return -1;
}

/* Rewrites a path of ours into out; NULL when it is none of ours. */
static const char *redirect(const char *path, char out[PATH_MAX])
{
	const char *dir = getenv("SNDCARD_DIR");
	if (!dir || !path || (strncmp(path, "/dev/snd", 8) && strncmp(path, "/proc/asound", 12)))
		return NULL;
	snprintf(out, PATH_MAX, "%s%s", dir, path);
	return out;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

/* The real close: close() below takes handles away. */
static int really_close(int fd)
{
	REAL(int, close, int);
	return real(fd);
}

static void free_handle(struct handle *h)
{
	if (h->card && h->card != MAP_FAILED)
		munmap(h->card, h->size);
	if (h->fd >= 0)
		really_close(h->fd);
	if (h->watch >= 0)
		really_close(h->watch);
	free(h->value_seen);
	free(h->info_seen);
	free(h);
}

static int really_open(const char *path, int flags)
{
	REAL(int, open, const char *, int, ...);
	return real(path, flags);
}

static int open_control(int number, int flags)
{
	char path[PATH_MAX];
	struct stat st;
	struct handle *h = calloc(1, sizeof *h);

	if (!h)
		return fail(ENOMEM);
	h->number = number;
	h->watch = -1;
	pthread_mutex_init(&h->lock, NULL);
	snprintf(path, sizeof path, "%s/card%d", getenv("SNDCARD_DIR"), number);
	h->fd = really_open(path, O_RDWR | O_CLOEXEC);
	if (h->fd < 0 || fstat(h->fd, &st) < 0 || (size_t)st.st_size < sizeof *h->card)
		goto absent;
	h->size = st.st_size;
	h->card = mmap(NULL, h->size, PROT_READ | PROT_WRITE, MAP_SHARED, h->fd, 0);
	if (h->card == MAP_FAILED || memcmp(h->card->magic, "SNDCARD", 8) || h->card->gone)
		goto absent;
	h->value_seen = calloc(h->card->elements, sizeof *h->value_seen);
	h->info_seen = calloc(h->card->elements, sizeof *h->info_seen);
	h->watch = inotify_init1((flags & O_NONBLOCK ? IN_NONBLOCK : 0) | (flags & O_CLOEXEC ? IN_CLOEXEC : 0));
	if (!h->value_seen || !h->info_seen || h->watch < 0 || h->watch >= HANDLES) {
		free_handle(h);
		return fail(ENOMEM);
	}
	handles[h->watch] = h;
	return h->watch;
absent:
	free_handle(h);
	return fail(ENOENT);
}

static int subscribe(struct handle *h, int on)
{
	char path[64];
	int i, err = 0;

	if (!!on == !!h->watching)
		return 0;
	lock(h);
	if (on) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", h->fd);
		h->watching = inotify_add_watch(h->watch, path, IN_MODIFY);
		if (h->watching < 0) {
			err = -errno;
			h->watching = 0;
		}
		for (i = 0; i < h->card->elements; i++) {
			h->value_seen[i] = h->card->e[i].value_gen;
			h->info_seen[i] = h->card->e[i].info_gen;
		}
	} else {
		inotify_rm_watch(h->watch, h->watching);
		h->watching = 0;
	}
	unlock(h);
	return err;
}

static ssize_t really_read(int fd, void *b, size_t n)
{
	REAL(ssize_t, read, int, void *, size_t);
	return real(fd, b, n);
}

/* Locked. The next pending change: its event mask and element, or 0. */
static unsigned take(struct handle *h, int *element)
{
	for (int i = 0; i < h->card->elements; i++) {
		struct element *e = &h->card->e[i];
		unsigned mask = (e->value_gen != h->value_seen[i] ? SNDRV_CTL_EVENT_MASK_VALUE : 0) |
				(e->info_gen != h->info_seen[i] ? SNDRV_CTL_EVENT_MASK_INFO : 0);
		if (!mask)
			continue;
		if (!element)
			return mask;
		*element = i;
		h->value_seen[i] = e->value_gen;
		h->info_seen[i] = e->info_gen;
		return mask;
	}
	return 0;
}

/* One event, or -EAGAIN, -ENODEV. */
static int next_event(struct handle *h, int nonblock, int *element)
{
	struct pollfd p = { .fd = h->watch, .events = POLLIN };
	char junk[4096];
	unsigned mask;

	for (;;) {
		if (h->card->gone)
			return -ENODEV;
		lock(h);
		mask = take(h, element);
		if (!take(h, NULL))
			while (poll(&p, 1, 0) == 1 && really_read(h->watch, junk, sizeof junk) > 0)
				;
		unlock(h);
		if (mask)
			return mask;
		if (nonblock)
			return -EAGAIN;
		if (poll(&p, 1, -1) < 0)
			return -errno;
	}
}

static void fill_id(struct handle *h, int i, struct snd_ctl_elem_id *id)
{
	struct element *e = &h->card->e[i];
	memset(id, 0, sizeof *id);
	id->numid = i + 1;
	id->iface = e->iface;
	id->device = e->device;
	id->subdevice = e->subdevice;
	id->index = e->index;
	memcpy(id->name, e->name, sizeof id->name);
}

static int find(struct handle *h, const struct snd_ctl_elem_id *id)
{
	struct card *c = h->card;
	if (id->numid)
		return id->numid <= (unsigned)c->elements ? (int)id->numid - 1 : -1;
	for (int i = 0; i < c->elements; i++) {
		struct element *e = &c->e[i];
		if (e->iface == (int)id->iface && e->device == (int)id->device && e->subdevice == (int)id->subdevice &&
		    e->index == (int)id->index && !strncmp(e->name, (const char *)id->name, sizeof id->name))
			return i;
	}
	return -1;
}

static int64_t item_max(const struct element *e)
{
	return e->type == SNDRV_CTL_ELEM_TYPE_ENUMERATED ? (int64_t)e->items - 1 : e->max;
}

static int elem_info(struct handle *h, struct snd_ctl_elem_info *info)
{
	unsigned item = info->value.enumerated.item;
	int i = find(h, &info->id);
	if (i < 0)
		return -ENOENT;
	struct element *e = &h->card->e[i];
	memset(info, 0, sizeof *info);
	fill_id(h, i, &info->id);
	info->type = e->type;
	info->access = e->access;
	info->count = e->count;
	info->owner = -1;
	if (e->owner) {
		info->access |= SNDRV_CTL_ELEM_ACCESS_LOCK;
		info->owner = e->owner;
		if (e->owner == getpid())
			info->access |= SNDRV_CTL_ELEM_ACCESS_OWNER;
	}
	switch (e->type) {
	case SNDRV_CTL_ELEM_TYPE_BOOLEAN:
	case SNDRV_CTL_ELEM_TYPE_INTEGER:
		info->value.integer.min = e->min;
		info->value.integer.max = e->max;
		info->value.integer.step = e->step;
		break;
	case SNDRV_CTL_ELEM_TYPE_INTEGER64:
		info->value.integer64.min = e->min;
		info->value.integer64.max = e->max;
		info->value.integer64.step = e->step;
		break;
	case SNDRV_CTL_ELEM_TYPE_ENUMERATED: {
		const char *text = (const char *)h->card + e->items_at;
		if (item >= e->items)
			item = e->items - 1;
		info->value.enumerated.items = e->items;
		info->value.enumerated.item = item;
		while (item--)
			text += strlen(text) + 1;
		snprintf(info->value.enumerated.name, sizeof info->value.enumerated.name, "%s", text);
	}
	}
	return 0;
}

/* One value of an element, in the kernel's union: read into v, or written from v. */
static void move(struct snd_ctl_elem_value *u, unsigned type, int i, int64_t *v, int write)
{
	switch (type) {
	case SNDRV_CTL_ELEM_TYPE_BOOLEAN:
	case SNDRV_CTL_ELEM_TYPE_INTEGER:
		if (write)
			*v = u->value.integer.value[i];
		else
			u->value.integer.value[i] = *v;
		break;
	case SNDRV_CTL_ELEM_TYPE_INTEGER64:
		if (write)
			*v = u->value.integer64.value[i];
		else
			u->value.integer64.value[i] = *v;
		break;
	case SNDRV_CTL_ELEM_TYPE_ENUMERATED:
		if (write)
			*v = u->value.enumerated.item[i];
		else
			u->value.enumerated.item[i] = *v;
		break;
	case SNDRV_CTL_ELEM_TYPE_BYTES:
		if (write)
			*v = u->value.bytes.data[i];
		else
			u->value.bytes.data[i] = *v;
		break;
	case SNDRV_CTL_ELEM_TYPE_IEC958:
		if (write)
			*v = u->value.iec958.status[i];
		else
			u->value.iec958.status[i] = *v;
	}
}

static int slots(const struct element *e)
{
	return e->type == SNDRV_CTL_ELEM_TYPE_IEC958 ? 24 : (int)e->count;
}

static int elem_read(struct handle *h, struct snd_ctl_elem_value *u)
{
	int i = find(h, &u->id);
	if (i < 0)
		return -ENOENT;
	struct element *e = &h->card->e[i];
	if (!(e->access & SNDRV_CTL_ELEM_ACCESS_READ))
		return -EPERM;
	if (e->read_errno)
		return -e->read_errno;
	fill_id(h, i, &u->id);
	memset(&u->value, 0, sizeof u->value);
	lock(h);
	h->card->reads++;
	struct element *from = e->quirk == ECHO ? &h->card->e[e->of] : e;
	for (int k = 0; k < slots(e); k++)
		move(u, e->type, k, &from->value[k], 0);
	if (e->quirk == CLEARS)
		memset(e->value, 0, sizeof e->value);
	unlock(h);
	return 0;
}

/* What the driver makes of a value; <0 when it refuses it. */
static int obey(const struct element *e, int64_t *v)
{
	int64_t max = item_max(e);
	switch (e->law) {
	case REFUSE:
		if (e->type != SNDRV_CTL_ELEM_TYPE_BYTES && e->type != SNDRV_CTL_ELEM_TYPE_IEC958 &&
		    (*v < e->min || *v > max))
			return -EINVAL;
		break;
	case MASK7:  *v &= 0x7f; break;
	case MASK8:  *v &= 0xff; break;
	case TRUTH:  *v = !!*v; break;
	case FIRST:  *v = *v > max ? 0 : *v; break;
	case MODULO: *v %= max + 1;
	}
	return 0;
}

/* Locked. The ICE1712's clock element: a rate becomes the default too, without
 * an event; while a PCM runs the hardware keeps its clock, without an error. */
static int set_clock(struct handle *h, struct element *e, int64_t v)
{
	int64_t external = item_max(e);
	if (v != external) {
		h->card->e[e->of].value[0] = v;
		if (h->card->running)
			return 0;
	}
	if (e->value[0] == v)
		return 0;
	e->value[0] = v;
	changed(h, e);
	return 1;
}

static int write_locked(struct handle *h, struct element *e, struct snd_ctl_elem_value *u)
{
	struct card *c = h->card;
	int64_t v[VALUES];
	int k, err, change = 0, n = slots(e);

	if (!(e->access & SNDRV_CTL_ELEM_ACCESS_WRITE) || (e->owner && e->owner != getpid()))
		return -EPERM;
	if (c->fail_writes > 0) {
		c->fail_writes--;
		return -c->fail_errno;
	}
	c->writes++;
	if (c->gone_after > 0 && --c->gone_after == 0) {
		c->gone = 1;
		wake(h);
	}
	if (c->ignore_writes > 0) {
		c->ignore_writes--;
		return 0;
	}
	for (k = 0; k < n; k++) {
		move(u, e->type, k, &v[k], 1);
		if ((err = obey(e, &v[k])) < 0)
			return err;
	}
	if (e->quirk == CLOCK)
		return set_clock(h, e, v[0]);
	for (k = 0; k < n; k++) {
		change |= e->value[k] != v[k];
		e->value[k] = v[k];
	}
	if (change)
		changed(h, e);
	return change;
}

static int elem_write(struct handle *h, struct snd_ctl_elem_value *u)
{
	int err, i = find(h, &u->id);
	if (i < 0)
		return -ENOENT;
	fill_id(h, i, &u->id);
	lock(h);
	err = write_locked(h, &h->card->e[i], u);
	unlock(h);
	return err;
}

static int elem_lock(struct handle *h, struct snd_ctl_elem_id *id, int on)
{
	int err = 0, i = find(h, id);
	if (i < 0)
		return -ENOENT;
	struct element *e = &h->card->e[i];
	lock(h);
	if (on && e->owner)
		err = -EBUSY;
	else if (!on && !e->owner)
		err = -EINVAL;
	else if (!on && e->owner != getpid())
		err = -EPERM;
	else
		e->owner = on ? getpid() : 0;
	unlock(h);
	return err;
}

static int tlv_read(struct handle *h, struct snd_ctl_tlv *t)
{
	if (!t->numid || t->numid > (unsigned)h->card->elements)
		return -ENOENT;
	struct element *e = &h->card->e[t->numid - 1];
	if (!(e->access & SNDRV_CTL_ELEM_ACCESS_TLV_READ))
		return -ENXIO;
	if (t->length < e->tlv[1] + 8)
		return -ENOMEM;
	memcpy(t->tlv, e->tlv, e->tlv[1] + 8);
	return 0;
}

static int control_ioctl(struct handle *h, unsigned long request, void *arg)
{
	struct card *c = h->card;
	if (c->gone)
		return -ENODEV;
	switch (request) {
	case SNDRV_CTL_IOCTL_PVERSION:
		*(int *)arg = SNDRV_PROTOCOL_VERSION(2, 0, 8);
		return 0;
	case SNDRV_CTL_IOCTL_CARD_INFO: {
		struct snd_ctl_card_info *f = arg;
		memset(f, 0, sizeof *f);
		f->card = h->number;
		memcpy(f->id, c->id, sizeof f->id);
		memcpy(f->driver, c->driver, sizeof f->driver);
		memcpy(f->name, c->name, sizeof f->name);
		memcpy(f->longname, c->longname, sizeof f->longname);
		memcpy(f->mixername, c->mixername, sizeof f->mixername);
		return 0;
	}
	case SNDRV_CTL_IOCTL_ELEM_LIST: {
		struct snd_ctl_elem_list *l = arg;
		l->count = c->elements;
		l->used = 0;
		for (unsigned i = l->offset; i < l->count && l->used < l->space; i++)
			fill_id(h, i, &l->pids[l->used++]);
		return 0;
	}
	case SNDRV_CTL_IOCTL_ELEM_INFO:
		return elem_info(h, arg);
	case SNDRV_CTL_IOCTL_ELEM_READ:
		return elem_read(h, arg);
	case SNDRV_CTL_IOCTL_ELEM_WRITE:
		return elem_write(h, arg);
	case SNDRV_CTL_IOCTL_ELEM_LOCK:
		return elem_lock(h, arg, 1);
	case SNDRV_CTL_IOCTL_ELEM_UNLOCK:
		return elem_lock(h, arg, 0);
	case SNDRV_CTL_IOCTL_TLV_READ:
		return tlv_read(h, arg);
	case SNDRV_CTL_IOCTL_SUBSCRIBE_EVENTS: {
		int *on = arg;
		if (*on < 0) {
			*on = !!h->watching;
			return 0;
		}
		return subscribe(h, *on);
	}
	case SNDRV_CTL_IOCTL_PCM_NEXT_DEVICE:
		*(int *)arg = *(int *)arg < 0 && c->pcm[0] ? 0 : -1;
		return 0;
	case SNDRV_CTL_IOCTL_PCM_INFO: {
		struct snd_pcm_info *f = arg;
		if (f->device || f->subdevice || !c->pcm[0])
			return -ENXIO;
		f->card = h->number;
		f->subdevices_count = f->subdevices_avail = 1;
		memcpy(f->id, c->pcm, sizeof f->id);
		memcpy(f->name, c->pcm, sizeof f->name);
		return 0;
	}
	case SNDRV_CTL_IOCTL_HWDEP_NEXT_DEVICE:
	case SNDRV_CTL_IOCTL_RAWMIDI_NEXT_DEVICE:
		*(int *)arg = -1;
		return 0;
	case SNDRV_CTL_IOCTL_PCM_PREFER_SUBDEVICE:
	case SNDRV_CTL_IOCTL_RAWMIDI_PREFER_SUBDEVICE:
		return 0;
	case SNDRV_CTL_IOCTL_POWER_STATE:
		*(int *)arg = SNDRV_CTL_POWER_D0;
		return 0;
	}
	return -ENOTTY;
}

/* The calls that libasound makes, taken over. */

int ioctl(int fd, unsigned long request, ...)
{
	struct handle *h = handle_of(fd);
	va_list ap;
	int r;
	REAL(int, ioctl, int, unsigned long, ...);

	va_start(ap, request);
	void *arg = va_arg(ap, void *);
	va_end(ap);
	if (!h)
		return real(fd, request, arg);
	r = control_ioctl(h, request, arg);
	return r < 0 ? fail(-r) : r;
}

ssize_t read(int fd, void *b, size_t n)
{
	struct handle *h = handle_of(fd);
	struct snd_ctl_event *ev = b;
	int i, mask, flags;

	if (!h)
		return really_read(fd, b, n);
	if (!h->watching)
		return fail(EBADFD);
	if (n < sizeof *ev)
		return fail(EINVAL);
	flags = fcntl(fd, F_GETFL);
	mask = next_event(h, flags & O_NONBLOCK, &i);
	if (mask < 0)
		return fail(-mask);
	memset(ev, 0, sizeof *ev);
	ev->type = SNDRV_CTL_EVENT_ELEM;
	ev->data.elem.mask = mask;
	fill_id(h, i, &ev->data.elem.id);
	return sizeof *ev;
}

int close(int fd)
{
	struct handle *h = handle_of(fd);
	if (!h)
		return really_close(fd);
	handles[fd] = NULL;
	lock(h);
	for (int i = 0; i < h->card->elements; i++)
		if (h->card->e[i].owner == getpid())
			h->card->e[i].owner = 0;
	unlock(h);
	free_handle(h);
	return 0;
}

#define OPEN(name) \
int name(const char *path, int flags, ...) \
{ \
	char buf[PATH_MAX]; \
	mode_t mode = 0; \
	va_list ap; \
	const char *to = redirect(path, buf); \
	REAL(int, name, const char *, int, ...); \
	va_start(ap, flags); \
	if (flags & (O_CREAT | __O_TMPFILE)) \
		mode = va_arg(ap, mode_t); \
	va_end(ap); \
	if (to && control_number(path) >= 0) \
		return open_control(control_number(path), flags); \
	return real(to ? to : path, flags, mode); \
}
OPEN(open)
OPEN(open64)

int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open(path, flags); }

#define WITH_PATH(ret, name, params, call, ...) \
ret name params \
{ \
	char buf[PATH_MAX]; \
	const char *to = redirect(path, buf); \
	REAL(ret, name, __VA_ARGS__); \
	path = to ? to : path; \
	return real call; \
}
WITH_PATH(FILE *, fopen, (const char *path, const char *m), (path, m), const char *, const char *)
WITH_PATH(FILE *, fopen64, (const char *path, const char *m), (path, m), const char *, const char *)
WITH_PATH(int, access, (const char *path, int m), (path, m), const char *, int)
WITH_PATH(int, stat, (const char *path, struct stat *s), (path, s), const char *, struct stat *)
WITH_PATH(int, stat64, (const char *path, struct stat64 *s), (path, s), const char *, struct stat64 *)
WITH_PATH(int, lstat, (const char *path, struct stat *s), (path, s), const char *, struct stat *)
WITH_PATH(int, lstat64, (const char *path, struct stat64 *s), (path, s), const char *, struct stat64 *)
WITH_PATH(DIR *, opendir, (const char *path), (path), const char *)
WITH_PATH(ssize_t, readlink, (const char *path, char *b, size_t n), (path, b, n), const char *, char *, size_t)

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	char buf[PATH_MAX];
	const char *to = redirect(path, buf);
	REAL(int, inotify_add_watch, int, const char *, uint32_t);
	return real(fd, to ? to : path, mask);
}
