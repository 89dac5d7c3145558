/* SPDX-License-Identifier: MIT */
/*
 * Files of a divided output, from run to run.
 *
 * A new file is written under a hidden name of its own and gets the one it is
 * for when a commit that contains it is durable: one that is cut into parts
 * when it is whole (or the run ends), another at the first commit. The commit
 * notes the renamings, so that they are made up for after a crash. A file that
 * goes on after that is appended to, and cut back to what the last commit
 * knows of it, as that of -o is. So the files are those that one run over all
 * of the input would have made.
 *
 * What is known of each is an entry of the store, by its path: the number of
 * the part and whether it is whole, its length and last bytes, its encoder.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/key.h"
#include "run/lasting.h"
#include "run/part.h"

void
partition_note_folder(struct partitions *p, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct str folder = slash ? (struct str){path, (size_t)(slash - path)}
				  : (struct str){".", 1};
	struct buf copy = {0};

	if (slash == path)
		folder.n = 1;
	for (size_t i = p->n_folders; i-- > 0;)
		if (str_is(folder, p->folders[i]))
			return;
	mem_grow(
	    &p->folders, &p->cap_folders, p->n_folders + 1, sizeof *p->folders);
	buf_adds(&copy, folder);
	p->folders[p->n_folders++] = mem_strdup(buf_z(&copy));
	buf_release(&copy);
}

static void
forget_folders(struct partitions *p)
{
	for (size_t i = 0; i < p->n_folders; i++)
		mem_free(p->folders[i]);
	p->n_folders = 0;
}

static struct renaming *
add_renaming(struct partitions *p, struct part *part, int fd)
{
	struct renaming *r;

	mem_grow(&p->renamings, &p->cap_renamings, p->n_renamings + 1,
	    sizeof *p->renamings);
	r = &p->renamings[p->n_renamings++];
	*r = (struct renaming){.to = mem_strdup(part->out.target),
	    .replaces = part->replaces,
	    .part = part,
	    .fd = fd};
	if (!part->named && !part->naming)
		r->from = mem_strdup(part->out.temporary);
	return r;
}

static void
release_renaming(struct renaming *r)
{
	if (r->fd >= 0)
		close(r->fd);
	mem_free(r->from);
	mem_free(r->to);
}

static void
put_entry(struct partitions *p, struct part *part, const struct extent *at)
{
	const struct format *format = p->plan->format;
	bool saves = part->encoder && format->save;
	struct buf entry = {0}, key = {0}, saved = {0};
	bool named = part->named || part->naming;

	pack_put_map(
	    &entry, 6 + (at ? 2 + EXTENT_MEMBERS : 0u) + (saves ? 1 : 0u));
	note_text(&entry, "name", part->path);
	note_count(&entry, "number", part->number);
	note_bool(&entry, "goes_on", at != NULL);
	note_count(&entry, "rows", part->rows);
	note_int(&entry, "period", part->period);
	note_count(&entry, "used", store_epoch(p->store) + 1);
	if (at) {
		note_bool(&entry, "named", named);
		note_text(&entry, "file",
		    str_of(named ? part->out.target : part->out.temporary));
		extent_put(&entry, at);
	}
	if (saves) {
		format->save(part->encoder, &saved);
		note_key(&entry, "encoder");
		pack_put(&entry, value_of_str(T_BYTES, buf_str(&saved)));
	}
	part_key(p, part, &key);
	store_put(
	    p->store, PARTS_MAP, p->bucket, buf_str(&key), buf_str(&entry));
	buf_release(&entry);
	buf_release(&key);
	buf_release(&saved);
}

/* ---- while running ---- */

/* A file that is not among those that are synced by their descriptors. */
static void
leave_to_all(struct partitions *p, struct part *part, int fd)
{
	struct stat st;
	bool other = fstat(fd, &st) || st.st_dev != p->device;

	p->many = true;
	if ((p->devices || other) && fdatasync(fd))
		partition_fail_sys(p, "sync", part->out.path);
	close(fd);
}

void
part_retire(struct partitions *p, struct part *part)
{
	struct renaming *r;

	if (!part->out.opened || p->failed)
		return;
	if (part->out.fd >= 0)
		partition_unlink_open(p, part);
	else if (!output_wake(&part->out))
		partition_fail_sys(p, "open", part->out.path);
	r = add_renaming(p, part, part->out.fd);
	r->part = NULL;
	if (r->fd >= 0 && p->n_renamings > p->open_max / 4) {
		leave_to_all(p, part, r->fd);
		r->fd = -1;
	}
	for (size_t i = 0; i < p->n_renamings; i++)
		if (p->renamings[i].part == part)
			p->renamings[i].part = NULL;
	part->named = part->naming = false;
	part->dirty = true;
	part_unname(part);
}

void
part_leave(struct partitions *p, struct part *part)
{
	if (part->encoder)
		p->plan->format->encoder_free(part->encoder);
	part->encoder = NULL;
	if (!part->out.opened)
		return;
	if (part->out.fd >= 0) {
		partition_unlink_open(p, part);
		close(part->out.fd);
	}
	part_unname(part);
}

static void
close_all(struct buf *fds)
{
	for (size_t i = 0; i < fds->n; i += sizeof(int)) {
		int fd;

		memcpy(&fd, fds->p + i, sizeof fd);
		close(fd);
	}
	fds->n = 0;
}

void
partition_release_kept(struct partitions *p)
{
	for (size_t i = 0; i < p->n_renamings; i++)
		release_renaming(&p->renamings[i]);
	mem_free(p->renamings);
	forget_folders(p);
	mem_free(p->folders);
	close_all(&p->opened);
	buf_release(&p->opened);
	buf_release(&p->sync);
	buf_release(&p->folder);
}

/* ---- commits ---- */

bool
partitions_hold(const struct partitions *p)
{
	const struct format *format = p->plan->format;

	for (size_t i = 0; format->holds && i < p->n; i++)
		if (p->parts[i]->encoder && format->holds(p->parts[i]->encoder))
			return true;
	return false;
}

static void
add_fd(struct buf *fds, int fd)
{
	buf_add(fds, &fd, sizeof fd);
}

/*
 * What was closed meanwhile is opened again to be synced; of many such files
 * only the first are, whose file system is then synced as a whole.
 */
static int
open_again(struct partitions *p, struct part *part, bool *ours)
{
	int fd;

	*ours = false;
	if (part->out.fd >= 0)
		return part->out.fd;
	*ours = p->opened.n >= SYNC_ALL * sizeof(int);
	if (!output_wake(&part->out)) {
		partition_fail_sys(p, "open", part->out.path);
		return -1;
	}
	fd = part->out.fd;
	part->out.fd = -1;
	if (!*ours)
		add_fd(&p->opened, fd);
	return fd;
}

/* A file of which something was written since the last cut. */
static void
cut_part(struct partitions *p, struct part *part, bool end)
{
	const struct format *format = p->plan->format;
	struct extent at;
	bool ours;
	int fd;

	/* What lays out many rows together begins anew in the next run. */
	if (end && part->encoder && format->holds && format->finish)
		format->finish(part->encoder, &part->out.buf);
	if (part->out.buf.n)
		partition_flush(p, part);
	if (p->failed)
		return;
	if (!part->out.opened) {
		put_entry(p, part, NULL);
		return;
	}
	fd = open_again(p, part, &ours);
	if (fd < 0)
		return;
	if (!part->named && !part->naming && (end || !partition_is_cut(p))) {
		add_renaming(p, part, -1);
		part->naming = true;
	}
	if (extent_of(fd, part->bytes, &at))
		put_entry(p, part, &at);
	else
		partition_fail_sys(p, "look at", part->out.path);
	if (ours)
		leave_to_all(p, part, fd);
	else
		add_fd(&p->sync, fd);
}

void
partition_sync_folders(struct partitions *p)
{
	for (size_t i = 0; i < p->n_folders; i++)
		if (part_sync_folder(p->folders[i]))
			partition_fail_sys(p, "sync", p->folders[i]);
	forget_folders(p);
}

/*
 * Many files are synced with all of their file system at once, while nothing
 * else happens; a few by descriptor while the run goes on.
 */
static void
gather(struct partitions *p)
{
	for (size_t i = 0; i < p->n_renamings; i++)
		if (p->renamings[i].fd >= 0)
			add_fd(&p->sync, p->renamings[i].fd);
	for (size_t i = 0; i < p->n_folders; i++) {
		int fd =
		    open(p->folders[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0) {
			partition_fail_sys(p, "open", p->folders[i]);
			return;
		}
		if (p->opened.n < 2 * SYNC_ALL * sizeof(int)) {
			add_fd(&p->opened, fd);
			add_fd(&p->sync, fd);
			continue;
		}
		if (fsync(fd))
			partition_fail_sys(p, "sync", p->folders[i]);
		close(fd);
	}
	forget_folders(p);
}

static void
sync_many(struct partitions *p)
{
	dev_t done = 0;

	for (size_t i = 0; i < p->sync.n; i += sizeof(int)) {
		struct stat st;
		int fd;

		memcpy(&fd, p->sync.p + i, sizeof fd);
		if (!fstat(fd, &st) && i && st.st_dev == done)
			continue;
		done = st.st_dev;
		if (syncfs(fd)) {
			partition_fail_sys(
			    p, "sync", "the files of the output");
			break;
		}
	}
	p->sync.n = 0;
}

void
partitions_cut(struct partitions *p, bool end)
{
	bool whole_ones;

	p->sync.n = 0;
	for (size_t i = 0; i < p->n && !p->failed; i++) {
		struct part *part = p->parts[i];

		whole_ones = end && part->out.opened && !part->named;
		if (part->dirty || whole_ones)
			cut_part(p, part, end);
		part->dirty = false;
	}
	if (!p->failed && partition_forgets(p, end))
		partition_forget(p);
	for (size_t i = 0; i < p->n_renamings; i++)
		p->renamings[i].noted = true;
	if (!p->failed)
		gather(p);
	if ((p->many || p->sync.n > SYNC_ALL * sizeof(int)) && !p->failed)
		sync_many(p);
	p->many = false;
}

void
partitions_note(const struct partitions *p, struct buf *out)
{
	uint32_t n = 0;

	for (size_t i = 0; i < p->n_renamings; i++)
		n += p->renamings[i].from != NULL;
	note_key(out, "renamings");
	pack_put_array(out, n);
	for (size_t i = 0; i < p->n_renamings; i++) {
		const struct renaming *r = &p->renamings[i];

		if (!r->from)
			continue;
		pack_put_map(out, 3);
		note_text(out, "from", str_of(r->from));
		note_text(out, "to", str_of(r->to));
		note_bool(out, "replaces", r->replaces);
	}
}

void
partitions_sync(const struct partitions *p, struct buf *fds)
{
	buf_adds(fds, buf_str(&p->sync));
}

static void
publish(struct partitions *p, struct renaming *r)
{
	struct part *part = r->part;

	if (r->from && !part_give_name(r->from, r->to, r->replaces)) {
		partition_fail_sys(p, "give a file its name:", r->to);
		return;
	}
	if (r->from)
		partition_note_folder(p, r->to);
	if (!part)
		return;
	part->named = true;
	part->naming = false;
	mem_free(part->out.temporary);
	part->out.temporary = NULL;
}

void
partitions_publish(struct partitions *p)
{
	size_t n = 0;

	close_all(&p->opened);
	p->sync.n = 0;
	for (size_t i = 0; i < p->n_renamings; i++) {
		struct renaming *r = &p->renamings[i];

		if (!r->noted) {
			p->renamings[n++] = *r;
			continue;
		}
		if (!p->failed)
			publish(p, r);
		release_renaming(r);
	}
	p->n_renamings = n;
}
