/* refuse.c - requests that the system refuses, one in a run. Linked with --wrap=NAME for each
 * NAME below (tests/refuse.sh). REFUSE=n refuses the n-th request of the kind REFUSE_KIND
 * (memory, thread, file), counted over all threads; REFUSE_COUNT=FILE is where the number of
 * requests goes at the end. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long refuse_seen;
static long refuse_at;
static char refuse_kind;

static void refuse_report(void) {
    const char *path = getenv("REFUSE_COUNT");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (f) fprintf(f, "%ld\n", atomic_load(&refuse_seen));
    if (f) fclose(f);
}

__attribute__((constructor)) static void refuse_begin(void) {
    const char *at = getenv("REFUSE"), *kind = getenv("REFUSE_KIND");
    if (!kind) return;
    refuse_kind = *kind;
    refuse_at = at ? strtol(at, NULL, 10) : 0;
    atexit(refuse_report);
}

static int refuse(char kind) {
    return kind == refuse_kind && atomic_fetch_add(&refuse_seen, 1) + 1 == refuse_at;
}

/* A call as it is, or a refusal with ERROR. */
#define REFUSE(type, name, parameters, arguments, kind, error, refusal)                        \
    type __real_##name parameters;                                                             \
    type __wrap_##name parameters;                                                             \
    type __wrap_##name parameters {                                                            \
        if (!refuse(kind)) return __real_##name arguments;                                     \
        errno = error;                                                                         \
        return refusal;                                                                        \
    }

REFUSE(void *, malloc, (size_t n), (n), 'm', ENOMEM, NULL)
REFUSE(void *, calloc, (size_t n, size_t each), (n, each), 'm', ENOMEM, NULL)
REFUSE(void *, realloc, (void *p, size_t n), (p, n), 'm', ENOMEM, NULL)
REFUSE(void *, mmap, (void *p, size_t n, int prot, int flags, int fd, off_t at),
       (p, n, prot, flags, fd, at), 'm', ENOMEM, MAP_FAILED)
REFUSE(int, pthread_create,
       (pthread_t * t, const pthread_attr_t *a, void *(*run)(void *), void *context),
       (t, a, run, context), 't', EAGAIN, EAGAIN)
REFUSE(FILE *, fopen, (const char *path, const char *mode), (path, mode), 'f', EMFILE, NULL)
REFUSE(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n), 'f', EIO, -1)
REFUSE(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n), 'f', ENOSPC, -1)
REFUSE(int, fsync, (int fd), (fd), 'f', EIO, -1)
REFUSE(int, rename, (const char *from, const char *to), (from, to), 'f', EIO, -1)
REFUSE(int, mkstemp, (char *path), (path), 'f', EMFILE, -1)
REFUSE(int, mkdir, (const char *path, mode_t mode), (path, mode), 'f', EACCES, -1)
REFUSE(int, fstat, (int fd, struct stat *st), (fd, st), 'f', EIO, -1)
REFUSE(int, stat, (const char *path, struct stat *st), (path, st), 'f', EIO, -1)
REFUSE(DIR *, opendir, (const char *path), (path), 'f', EMFILE, NULL)
REFUSE(char *, realpath, (const char *path, char *to), (path, to), 'f', EIO, NULL)
REFUSE(int, fflush, (FILE * f), (f), 'f', EIO, EOF)

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list list;
    int mode;
    va_start(list, flags);
    mode = flags & O_CREAT ? va_arg(list, int) : 0;
    va_end(list);
    if (!refuse('f')) return __real_open(path, flags, mode);
    errno = EMFILE;
    return -1;
}
