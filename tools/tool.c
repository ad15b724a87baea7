/* tool.c - messages, files, options, progress; see tool.h. Knows nothing of the library. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#elif !defined(_POSIX_C_SOURCE) && !defined(__APPLE__)
#define _POSIX_C_SOURCE 200809L
#endif
#include "tool.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sched.h>
#endif

/* ---------------------------------------------------------------------------- messages */

static int tool_quiet_flag;     /* --quiet */
static tool_progress *tool_bar; /* the bar on the screen, wiped before a message */

void tool_set_quiet(int quiet) { tool_quiet_flag = quiet; }

void tool_progress_wipe(tool_progress *p) {
    if (p->shown) fputs("\r\033[K", stderr);
    p->shown = 0;
}

/* The command at work, the place of failures that have no other. */
static const char *tool_at_work = "command line";

/* What a terminal may get of a text: UTF-8 without control characters, in place; the length. */
static size_t tool_show(char *text, size_t n) {
    size_t i, k, out = 0;
    for (i = 0; i < n; i += k) {
        unsigned char c = (unsigned char)text[i];
        int good;
        k = tool_utf8(text + i, n - i, &good);
        if (good && c == 0xC2) good = (unsigned char)text[i + 1] >= 0xA0;
        if (good && c >= 32 && c != 127) {
            memmove(text + out, text + i, k);
            out += k;
        } else {
            text[out++] = '?';
        }
    }
    return out;
}

static void tool_line(const char *where, const char *format, va_list args, const char *tail) {
    const char *place = !where ? tool_at_work : *where ? where : "\"\"";
    char line[2048];
    size_t n = strlen(place), cut = n > 900 ? n - 900 : 0; /* the end says more */
    int k;
    while (cut && (place[cut] & 0xC0) == 0x80) cut++;
    k = snprintf(line, sizeof line, "tokclass: %s%s: ", cut ? "..." : "", place + cut);
    n = k > 0 ? (size_t)k : 0;
    k = vsnprintf(line + n, sizeof line - n, format, args);
    n = k < 0 ? n : ((size_t)k < sizeof line - n ? n + (size_t)k : sizeof line - 1);
    n = tool_show(line, n);
    if (tool_bar) tool_progress_wipe(tool_bar);
    fflush(stdout);
    fprintf(stderr, "%.*s%s\n", (int)n, line, tail);
}

int tool_fail(const char *where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    tool_line(where, format, args, "");
    va_end(args);
    return TOOL_FAILED;
}

int tool_usage(const char *command, const char *format, ...) {
    char tail[96];
    va_list args;
    snprintf(tail, sizeof tail, " (see tokclass %.40s%s--help)", command ? command : "",
             command ? " " : "");
    va_start(args, format);
    tool_line(command, format, args, tail);
    va_end(args);
    return TOOL_USAGE;
}

void tool_note(const char *where, const char *format, ...) {
    va_list args;
    if (tool_quiet_flag) return;
    va_start(args, format);
    tool_line(where, format, args, "");
    va_end(args);
}

const char *tool_place(char *out, const char *path, uint64_t line) {
    size_t n = strlen(path), cut = n > 800 ? n - 800 : 0;
    int k = snprintf(out, TOOL_PLACE, "%s%s", cut ? "..." : "", path + cut);
    if (line) snprintf(out + k, TOOL_PLACE - (size_t)k, ":%llu", (unsigned long long)line);
    return out;
}

/* ------------------------------------------------------------------------------- files */

static int tool_say_errno(char *message, size_t size, const char *what) {
    snprintf(message, size, "%s: %s", what, strerror(errno));
    return 1;
}

const char *tool_input(const char *path) {
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

const char *tool_output(const char *path) {
    return strcmp(path, "-") == 0 ? "standard output" : path;
}

/* Pipes, devices and file systems without mmap. */
static int tool_read_all(int fd, tool_file *out, char *message, size_t message_size) {
    size_t room = 0;
    for (;;) {
        ssize_t n;
        if (out->size == room) {
            size_t bigger = room ? room * 2 : 65536;
            unsigned char *p = NULL;
            if (bigger > room) p = (unsigned char *)realloc(out->data, bigger);
            if (!p) {
                snprintf(message, message_size, "out of memory");
                return 1;
            }
            out->data = p;
            room = bigger;
        }
        n = read(fd, out->data + out->size, room - out->size);
        if (n == 0) return 0;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return tool_say_errno(message, message_size, "cannot be read");
        out->size += (size_t)n;
    }
}

int tool_file_open(const char *path, tool_file *out, char *message, size_t message_size) {
    struct stat st;
    int is_stdin = strcmp(path, "-") == 0, fd, failed;
    memset(out, 0, sizeof *out);
    fd = is_stdin ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return tool_say_errno(message, message_size, "cannot be opened");
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && !is_stdin &&
        (uintmax_t)st.st_size <= SIZE_MAX) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p != MAP_FAILED) {
            out->data = (unsigned char *)p;
            out->size = (size_t)st.st_size;
            out->mapped = 1;
            close(fd);
            return 0;
        }
    }
    failed = tool_read_all(fd, out, message, message_size);
    if (!is_stdin) close(fd);
    if (failed) {
        free(out->data);
        memset(out, 0, sizeof *out);
    } else if (!out->size) {
        free(out->data);
        out->data = NULL;
    }
    return failed;
}

void tool_file_close(tool_file *f) {
    if (f->mapped) {
        munmap(f->data, f->size);
    } else {
        free(f->data);
    }
    memset(f, 0, sizeof *f);
}

static int tool_write_all(int fd, const void *data, size_t size) {
    const char *p = (const char *)data;
    while (size) {
        size_t part = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
        ssize_t n = write(fd, p, part);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return 1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

static const char *tool_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int tool_folder(const char *path, char *folder, size_t size) {
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (slash == path) n = 1; /* the root */
    if (!slash) path = ".", n = 1;
    if (n >= size) return 1;
    memcpy(folder, path, n);
    folder[n] = 0;
    return 0;
}

/* The folder of a new file is synced too, or the rename may be lost; failure is harmless. */
static void tool_sync_folder(const char *path) {
    char folder[4096];
    int fd;
    if (tool_folder(path, folder, sizeof folder)) return;
    fd = open(folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

static int tool_save_directly(const char *path, const void *data, size_t size, char *message,
                              size_t message_size) {
    int is_stdout = strcmp(path, "-") == 0;
    int fd = is_stdout ? 1 : open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return tool_say_errno(message, message_size, "cannot be opened for writing");
    if (is_stdout) fflush(stdout);
    if (tool_write_all(fd, data, size)) {
        int quiet = errno == EPIPE;
        tool_say_errno(message, message_size, "cannot be written");
        if (!is_stdout) close(fd);
        if (quiet) exit(TOOL_DONE);
        return 1;
    }
    if (!is_stdout && close(fd))
        return tool_say_errno(message, message_size, "cannot be written");
    return 0;
}

/* Fails with the errno of an earlier write. */
static int tool_saver_fail(tool_saver *s, const char *what, char *message, size_t size) {
    errno = s->error;
    tool_say_errno(message, size, what);
    tool_saver_drop(s);
    return 1;
}

#define TOOL_SUFFIX ".tokclass-" /* of a file that is being written, before six letters */

/* Bytes of a name that it begins with: file systems take 255, and longer ones are to fail. */
static size_t tool_kept(const char *name) {
    size_t n = strlen(name), most = 255 - (sizeof TOOL_SUFFIX - 1) - 6;
    if (n < most || n > 255) return n;
    for (n = most; n && (name[n] & 0xC0) == 0x80;) n--; /* no part of a character */
    return n;
}

void tool_save_cleanup(const char *path) {
    const char *name = tool_base(path);
    size_t n = tool_kept(name), least = sizeof TOOL_SUFFIX - 1;
    char folder[4096];
    struct dirent *entry;
    DIR *d = tool_folder(path, folder, sizeof folder) ? NULL : opendir(folder);
    while (d && (entry = readdir(d)) != NULL) {
        const char *found = entry->d_name;
        if (strncmp(found, name, n) == 0 && strncmp(found + n, TOOL_SUFFIX, least) == 0 &&
            strlen(found + n) == least + 6)
            (void)unlinkat(dirfd(d), found, 0);
    }
    if (d) closedir(d);
}

static int tool_one_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int tool_same(const char *a, const char *b) {
    char folder[2][4096];
    struct stat x, y;
    int there;
    if (!a || !b || strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return 0;
    there = stat(a, &x) == 0;
    if (there != (stat(b, &y) == 0)) return 0;
    if (there) return S_ISREG(x.st_mode) && tool_one_file(&x, &y);
    if (strcmp(a, b) == 0) return 1;
    return strcmp(tool_base(a), tool_base(b)) == 0 &&
           !tool_folder(a, folder[0], sizeof folder[0]) &&
           !tool_folder(b, folder[1], sizeof folder[1]) && stat(folder[0], &x) == 0 &&
           stat(folder[1], &y) == 0 && tool_one_file(&x, &y);
}

int tool_is_stdout(const char *path) {
    struct stat info, out;
    if (strcmp(path, "-") == 0) return 1;
    if (stat(path, &info) || fstat(1, &out) || !tool_one_file(&info, &out)) return 0;
    return !S_ISCHR(out.st_mode) || isatty(1); /* /dev/null is nobody's */
}

int tool_writable(const char *path) {
    char folder[4096], why[200];
    struct stat info;
    tool_saver probe;
    if (tool_is_stdout(path)) return 0;
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode)) return tool_fail(path, "is a folder");
        if (!S_ISREG(info.st_mode)) return 0;
    }
    if (tool_folder(path, folder, sizeof folder))
        return tool_fail(path, "the name is too long");
    if (access(folder, W_OK | X_OK))
        return tool_fail(path, "cannot be written: %s", strerror(errno));
    if (tool_saver_begin(&probe, path, why, sizeof why)) return tool_fail(path, "%s", why);
    tool_saver_drop(&probe);
    return 0;
}

/* ---- files in the making, and signals ---- */

static tool_saver *volatile tool_savers;

static void tool_saver_unlink(void) {
    tool_saver *s;
    for (s = tool_savers; s; s = s->next) unlink(s->temporary);
}

void tool_killed(int number) {
    tool_saver_unlink();
    signal(number, SIG_DFL);
    raise(number);
}

/* A mapped file has no more bytes where it had some. */
static void tool_cut_short(int number) {
    static const char *texts[] = {"tokclass: ", "",
                                  ": a file was cut short while it was read\n"};
    ssize_t written;
    int i;
    (void)number;
    tool_saver_unlink();
    texts[1] = tool_at_work;
    for (i = 0; i < 3; i++) written = write(2, texts[i], strlen(texts[i]));
    (void)written;
    _exit(TOOL_FAILED);
}

void tool_guard(void) {
    int fd;
    for (fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", fd ? O_RDONLY : O_WRONLY);
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN);
#endif
    signal(SIGBUS, tool_cut_short);
}

/* Signals that would end the program, and that it does nothing else about. */
static void tool_saver_catch(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct sigaction action;
    size_t i;
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (sigaction(numbers[i], NULL, &action) || action.sa_handler != SIG_DFL) continue;
        memset(&action, 0, sizeof action);
        action.sa_handler = tool_killed;
        sigaction(numbers[i], &action, NULL);
    }
}

static void tool_saver_forget(tool_saver *s) {
    tool_saver *volatile *at = &tool_savers;
    while (*at && *at != s) at = &(*at)->next;
    if (*at) *at = s->next;
}

void tool_saver_also(tool_saver *s, char *temporary) {
    memset(s, 0, sizeof *s);
    s->temporary = temporary;
    s->fd = -1;
    s->next = tool_savers;
    tool_savers = s;
    tool_saver_catch();
}

int tool_saver_begin(tool_saver *s, const char *path, char *message, size_t message_size) {
    static const char suffix[] = TOOL_SUFFIX "XXXXXX";
    struct stat st;
    int there = stat(path, &st) == 0;
    char *real = there ? realpath(path, NULL) : NULL;
    size_t n;
    if (real) path = real;
    n = strlen(path);
    memset(s, 0, sizeof *s);
    s->fd = -1;
    s->mode = there ? (int)(st.st_mode & 0777) : -1;
    if (!there && lstat(path, &st) == 0) {
        snprintf(message, message_size, "is a link to a file that is not there");
        return 1;
    }
    if (there && !S_ISREG(st.st_mode)) {
        free(real);
        snprintf(message, message_size, "is %s",
                 S_ISDIR(st.st_mode) ? "a folder" : "no regular file");
        return 1;
    }
    s->path = (char *)malloc(2 * n + 1 + sizeof suffix);
    s->buffer = (unsigned char *)malloc(TOOL_SAVER_ROOM);
    if (!s->path || !s->buffer) {
        free(real);
        tool_saver_drop(s);
        snprintf(message, message_size, "out of memory");
        return 1;
    }
    memcpy(s->path, path, n + 1);
    s->temporary = s->path + n + 1;
    n = (size_t)(tool_base(path) - path) + tool_kept(tool_base(path));
    memcpy(s->temporary, path, n);
    memcpy(s->temporary + n, suffix, sizeof suffix);
    free(real);
    s->next = tool_savers; /* before the file is there, so that no signal misses it */
    tool_savers = s;
    tool_saver_catch();
    s->fd = mkstemp(s->temporary);
    s->exists = s->fd >= 0;
    if (s->exists) return 0;
    s->error = errno;
    return tool_saver_fail(s, "cannot be created", message, message_size);
}

static void tool_saver_put(tool_saver *s, const void *data, size_t size) {
    if (!s->error && tool_write_all(s->fd, data, size)) s->error = errno;
}

void tool_saver_write(tool_saver *s, const void *data, size_t size) {
    if (size > TOOL_SAVER_ROOM - s->used) {
        tool_saver_put(s, s->buffer, s->used);
        s->used = 0;
    }
    if (size >= TOOL_SAVER_ROOM) {
        tool_saver_put(s, data, size);
    } else if (size) {
        memcpy(s->buffer + s->used, data, size);
        s->used += size;
    }
}

int tool_saver_sync(tool_saver *s, char *message, size_t message_size) {
    mode_t mask = umask(0);
    int fd = s->fd;
    umask(mask);
    tool_saver_put(s, s->buffer, s->used);
    s->used = 0;
    if (!s->error && (fchmod(fd, s->mode < 0 ? 0666 & ~mask : (mode_t)s->mode) || fsync(fd)))
        s->error = errno;
    s->fd = -1;
    if (close(fd) && !s->error) s->error = errno;
    return s->error ? tool_saver_fail(s, "cannot be written", message, message_size) : 0;
}

int tool_saver_end(tool_saver *s, char *message, size_t message_size) {
    if (rename(s->temporary, s->path)) {
        s->error = errno;
        return tool_saver_fail(s, "cannot be written", message, message_size);
    }
    s->exists = 0;
    tool_sync_folder(s->path);
    tool_saver_drop(s);
    return 0;
}

void tool_saver_drop(tool_saver *s) {
    if (s->exists && s->fd >= 0) close(s->fd);
    if (s->exists) unlink(s->temporary);
    tool_saver_forget(s);
    free(s->path);
    free(s->buffer);
    memset(s, 0, sizeof *s);
    s->fd = -1;
}

int tool_save(const char *path, const void *data, size_t size, char *message,
              size_t message_size) {
    struct stat st;
    tool_saver s;
    if (tool_is_stdout(path)) path = "-";
    if (strcmp(path, "-") == 0 ||
        (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
        return tool_save_directly(path, data, size, message, message_size);
    if (tool_saver_begin(&s, path, message, message_size)) return 1;
    tool_saver_write(&s, data, size);
    return tool_saver_sync(&s, message, message_size) ||
           tool_saver_end(&s, message, message_size);
}

int tool_pipe_matters;

int tool_write(const void *data, size_t size) {
    if (tool_bar) tool_progress_wipe(tool_bar);
    if (!tool_write_all(1, data, size)) return TOOL_DONE;
    if (errno == EPIPE && !tool_pipe_matters) _exit(TOOL_DONE);
    return tool_fail("standard output", "cannot be written: %s", strerror(errno));
}

int tool_flush(void) {
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) return TOOL_DONE;
    if (errno == EPIPE && !tool_pipe_matters) _exit(TOOL_DONE);
    return tool_fail("standard output", "cannot be written: %s",
                     errno ? strerror(errno) : "an earlier write failed");
}

/* -------------------------------------------------------------------------------- text */

int tool_order(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t length = a_length < b_length ? a_length : b_length;
    int order = length ? memcmp(a, b, length) : 0;
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

void tool_shortest(char *text, double value, int as_float) {
    int digits, most = as_float ? 9 : 17;
    for (digits = 1; digits <= most; digits++) {
        double back;
        snprintf(text, 40, "%.*g", digits, value);
        back = strtod(text, NULL);
        if (as_float ? (float)back == (float)value : back == value) break;
    }
}

size_t tool_utf8(const char *s, size_t n, int *good) {
    const unsigned char *p = (const unsigned char *)s;
    unsigned char low = 0x80, high = 0xBF;
    size_t need, i;
    *good = 1;
    if (p[0] < 0x80) return 1;
    *good = 0;
    if (p[0] < 0xC2 || p[0] > 0xF4) return 1;
    need = p[0] < 0xE0 ? 2 : (p[0] < 0xF0 ? 3 : 4);
    if (p[0] == 0xE0) low = 0xA0;  /* overlong */
    if (p[0] == 0xED) high = 0x9F; /* surrogates */
    if (p[0] == 0xF0) low = 0x90;
    if (p[0] == 0xF4) high = 0x8F; /* beyond U+10FFFF */
    for (i = 1; i < need; i++) {
        if (i >= n || p[i] < low || p[i] > high) return i;
        low = 0x80;
        high = 0xBF;
    }
    *good = 1;
    return need;
}

/* ----------------------------------------------------------------------------- options */

static size_t tool_min(size_t a, size_t b) { return a < b ? a : b; }

/* Edit distance with swaps of neighbours (optimal string alignment); names are short. */
static size_t tool_distance(const char *a, const char *b) {
    enum { MOST = 40 };
    size_t row[3][MOST + 1], i, j, n = strlen(a), m = strlen(b);
    if (n > MOST || m > MOST) return MOST;
    memset(row, 0, sizeof row);
    for (j = 0; j <= m; j++) row[0][j] = j;
    for (i = 1; i <= n; i++) {
        size_t *now = row[i % 3], *above = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = i;
        for (j = 1; j <= m; j++) {
            size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = tool_min(change, tool_min(above[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                now[j] = tool_min(now[j], before[j - 2] + 1);
            }
        }
    }
    return row[n % 3][m];
}

const char *tool_nearest(const char *name, const char *const *names, size_t count) {
    const char *best = NULL;
    size_t i, least = (size_t)-1;
    for (i = 0; i < count; i++) {
        size_t d = tool_distance(name, names[i]);
        /* a beginning of the right name is as near as one slip */
        if (strlen(name) >= 3 && strncmp(name, names[i], strlen(name)) == 0) d = 1;
        if (d < least) {
            least = d;
            best = names[i];
        }
    }
    return best && least < strlen(best) && least <= 1 + strlen(name) / 3 ? best : NULL;
}

static const char *tool_nearest_option(const tool_option *options, const char *name) {
    const char *names[128];
    size_t n = 0;
    names[n++] = "help";
    for (; options->name && n < 128; options++) names[n++] = options->name;
    return tool_nearest(name, names, n);
}

static const tool_option *tool_find(const tool_option *options, const char *name) {
    for (; options->name; options++) {
        if (strcmp(options->name, name) == 0) return options;
    }
    return NULL;
}

static int tool_set_choice(const char *command, const tool_option *o, const char *value) {
    const char *p = o->values, *end;
    size_t n = strlen(value);
    int place = 0;
    for (;; p = end + 1, place++) {
        end = p + strcspn(p, "|");
        if ((size_t)(end - p) == n && memcmp(p, value, n) == 0) {
            *(int *)o->target = place;
            return -1;
        }
        if (!*end) break;
    }
    return tool_usage(command, "--%s %s is not one of %s", o->name, value, o->values);
}

static int tool_set_count(const char *command, const tool_option *o, const char *value) {
    char *end;
    long long v;
    errno = 0;
    v = strtoll(value, &end, 10);
    if (!*value || isspace((unsigned char)*value) || *end) {
        return tool_usage(command, "--%s takes an integer, not \"%s\"", o->name, value);
    }
    if (errno == ERANGE || (double)v < o->low || (double)v > o->high) {
        return tool_usage(command, "--%s %s is not between %.0f and %.0f", o->name, value,
                          o->low, o->high);
    }
    if (!v && o->kind == TOOL_COLUMN)
        return tool_usage(command, "--%s counts from 1, or from -1 at the right end", o->name);
    *(int64_t *)o->target = v;
    return -1;
}

static int tool_set_number(const char *command, const tool_option *o, const char *value) {
    char *end;
    double v = strtod(value, &end); /* no setlocale in this program: the point is a point */
    if (!*value || isspace((unsigned char)*value) || *end || !isfinite(v)) {
        return tool_usage(command, "--%s takes a number, not \"%s\"", o->name, value);
    }
    if (v < o->low || v > o->high) {
        return tool_usage(command, "--%s %s is not between %.9g and %.9g", o->name, value,
                          o->low, o->high);
    }
    *(double *)o->target = v;
    return -1;
}

static int tool_set_list(const tool_option *o, const char *value) {
    tool_list *list = (tool_list *)o->target;
    const char **items =
        (const char **)realloc((void *)list->items, (list->count + 1) * sizeof *items);
    if (!items) return tool_fail(NULL, "out of memory");
    items[list->count++] = value;
    list->items = items;
    return -1;
}

static int tool_set(const char *command, const tool_option *o, const char *value) {
    switch (o->kind) {
    case TOOL_FLAG: *(int *)o->target = 1; return -1;
    case TOOL_UNFLAG: *(int *)o->target = 0; return -1;
    case TOOL_TEXT: *(const char **)o->target = value; return -1;
    case TOOL_LIST: return tool_set_list(o, value);
    case TOOL_CHOICE: return tool_set_choice(command, o, value);
    case TOOL_COUNT:
    case TOOL_COLUMN: return tool_set_count(command, o, value);
    case TOOL_NUMBER: return tool_set_number(command, o, value);
    }
    return -1;
}

/* Words in lines of at most 79 columns, the first from column `at` on, others from `indent`. */
static void tool_wrap(const char *text, int at, int indent) {
    int begun = 0;
    while (*text) {
        int n = (int)strcspn(text, " \n");
        if (begun && at + 1 + n > 79) {
            printf("\n");
            at = begun = 0;
        } else if (begun) {
            printf(" ");
            at++;
        }
        if (at < indent) printf("%*s", indent - at, "");
        if (at < indent) at = indent;
        printf("%.*s", n, text);
        at += n;
        begun = 1;
        text += n;
        text += strspn(text, " \n");
    }
    printf("\n");
}

static void tool_help_options(const tool_option *o) {
    const int indent = 26;
    for (; o->name; o++) {
        int flag = o->kind == TOOL_FLAG || o->kind == TOOL_UNFLAG, n;
        if (!o->help) continue;
        n = printf("  --%s%s%s", o->name, flag ? "" : " ", flag ? "" : o->values);
        if (n >= indent) {
            printf("\n");
            n = 0;
        }
        tool_wrap(o->help, n, indent);
    }
}

static int tool_help(const tool_command *c, const tool_option *options) {
    printf("usage: tokclass %s %s [OPTIONS]\n", c->name, c->arguments);
    tool_wrap(c->summary, 0, 0);
    printf("\n");
    tool_help_options(options);
    printf("  --help                  this text\n");
    return tool_flush();
}

/* One option, argv[*at]; moves *at on to its value where that is an argument of its own. */
static int tool_parse_option(const tool_command *c, const tool_option *options, int argc,
                             char **argv, int *at) {
    char name[64];
    const char *arg = argv[*at] + 2, *equals = strchr(arg, '='), *value, *near;
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    const tool_option *o = NULL;
    if (n < sizeof name) {
        memcpy(name, arg, n);
        name[n] = 0;
        if (strcmp(name, "help") == 0)
            return equals ? tool_usage(c->name, "--help takes no value")
                          : tool_help(c, options);
        o = tool_find(options, name);
    } else {
        name[0] = 0;
    }
    if (!o) {
        near = tool_nearest_option(options, name);
        return tool_usage(c->name, "unknown option --%.*s%s%s", (int)(n < 200 ? n : 200), arg,
                          near ? "; the nearest is --" : "", near ? near : "");
    }
    if (o->kind == TOOL_FLAG || o->kind == TOOL_UNFLAG) {
        if (equals) return tool_usage(c->name, "--%s takes no value", o->name);
        return tool_set(c->name, o, NULL);
    }
    value = equals ? equals + 1 : (*at + 1 < argc ? argv[++*at] : NULL);
    if (!value) return tool_usage(c->name, "--%s needs a value: %s", o->name, o->values);
    return tool_set(c->name, o, value);
}

int tool_parse(const tool_command *c, const tool_option *options, int argc, char **argv,
               int *count) {
    int i, n = 0, only_arguments = 0;
    tool_at_work = c->name;
    for (i = 1; i < argc; i++) {
        int status = -1;
        if (only_arguments || argv[i][0] != '-' || !argv[i][1]) {
            argv[++n] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_arguments = 1;
        } else if (argv[i][1] == '-') {
            status = tool_parse_option(c, options, argc, argv, &i);
        } else if (strcmp(argv[i], "-h") == 0) {
            status = tool_help(c, options);
        } else {
            status = tool_usage(c->name, "unknown option %s; options begin with two dashes",
                                argv[i]);
        }
        if (status >= 0) return status;
    }
    if (n < c->least) return tool_usage(c->name, "%s is missing", c->missing);
    if (c->most >= 0 && n > c->most) {
        return tool_usage(c->name, "one argument too many: %s", argv[c->most + 1]);
    }
    *count = n;
    return -1;
}

void tool_list_free(tool_list *list) {
    free((void *)list->items);
    list->items = NULL;
    list->count = 0;
}

/* ---------------------------------------------------------------------------- progress */

double tool_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void tool_progress_start(tool_progress *p, const char *what, uint64_t total, int mode) {
    memset(p, 0, sizeof *p);
    p->what = what;
    p->total = total;
    p->mode = mode < 0 ? isatty(2) && !tool_quiet_flag : mode && !tool_quiet_flag;
    p->start = p->last = tool_seconds();
    tool_bar = p;
}

void tool_progress_step(tool_progress *p, uint64_t done, uint64_t count) {
    double now;
    if (!p->mode) return;
    now = tool_seconds();
    if (now - p->start < 1 || (p->shown && now - p->last < 0.1)) return;
    p->last = now;
    p->shown = 1;
    if (p->total && done <= p->total) {
        int percent = (int)((double)done * 100 / (double)p->total), bars = percent / 4;
        fprintf(stderr, "\r%s [%.*s%*s] %3d%% %llu inputs, %.0f s\033[K", p->what, bars,
                "=========================", 25 - bars, "", percent, (unsigned long long)count,
                now - p->start);
    } else {
        fprintf(stderr, "\r%s %llu inputs, %.0f s\033[K", p->what, (unsigned long long)count,
                now - p->start);
    }
}

void tool_progress_end(tool_progress *p) {
    tool_progress_wipe(p);
    tool_bar = NULL;
}

/* -------------------------------------------------------------------------------- CPUs */

#if defined(__linux__)
/* "MAX PERIOD" of cgroup v2, or the two files of v1, as CPUs; 1e9 without a quota. */
static double tool_quota_at(const char *folder, int v2) {
    char path[4300], text[64];
    double quota = -1, period = 100000;
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, v2 ? "cpu.max" : "cpu.cfs_quota_us");
    f = fopen(path, "r");
    if (!f) return 1e9;
    if (fscanf(f, "%63s", text) == 1 && strcmp(text, "max") != 0) quota = strtod(text, NULL);
    if (v2 && fscanf(f, "%63s", text) == 1) period = strtod(text, NULL);
    fclose(f);
    if (!v2) {
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
        f = fopen(path, "r");
        if (f && fscanf(f, "%63s", text) == 1) period = strtod(text, NULL);
        if (f) fclose(f);
    }
    return quota > 0 && period > 0 ? quota / period : 1e9;
}

/* The tightest quota from the process's group up to the root of the mount. */
static double tool_quota_above(const char *mount, const char *group, int v2) {
    char folder[4200];
    double least = 1e9;
    size_t base = strlen(mount);
    int n = snprintf(folder, sizeof folder, "%s%s", mount, group);
    if (n < 0 || (size_t)n >= sizeof folder) return least;
    for (;;) {
        double quota = tool_quota_at(folder, v2);
        char *slash = strrchr(folder, '/');
        if (quota < least) least = quota;
        if (strlen(folder) <= base || !slash || (size_t)(slash - folder) < base) return least;
        *slash = 0;
    }
}

/* Whether a list "cpuacct,cpu" has the controller that gives CPUs. */
static int tool_counts_cpus(char *list) {
    char *rest = NULL, *one = strtok_r(list, ",", &rest);
    while (one && strcmp(one, "cpu") != 0) one = strtok_r(NULL, ",", &rest);
    return one != NULL;
}

static double tool_quota(void) {
    char line[4096];
    double least = 1e9;
    FILE *f = fopen("/proc/self/cgroup", "r");
    if (!f) return least;
    while (fgets(line, sizeof line, f)) {
        char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : NULL;
        double quota = 1e9;
        if (!group) continue;
        *group++ = 0;
        group[strcspn(group, "\n")] = 0;
        if (!kind[1]) {
            quota = tool_quota_above("/sys/fs/cgroup", group, 1);
        } else if (tool_counts_cpus(kind + 1)) {
            quota = tool_quota_above("/sys/fs/cgroup/cpu", group, 0);
        }
        if (quota < least) least = quota;
    }
    fclose(f);
    return least;
}
#endif

#if defined(__linux__)
/* The CPUs of this process where the system knows at most `most`; 0 where it knows more. */
static int tool_affinity(int most) {
    cpu_set_t *set = CPU_ALLOC((size_t)most);
    size_t size = CPU_ALLOC_SIZE((size_t)most);
    int n = set && sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    return n;
}
#endif

unsigned tool_cpus(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
    double quota = tool_quota();
    int most, allowed = 0;
    for (most = 1024; !allowed && most <= 1 << 20; most *= 2) allowed = tool_affinity(most);
    if (allowed) n = allowed;
    if (quota < (double)n) n = (long)quota;
#endif
    return n < 1 ? 1u : (unsigned)n;
}
