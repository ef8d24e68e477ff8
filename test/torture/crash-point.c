/*
 * A library to preload: kills its process at a named system call. Only calls that change the disk, or make a process,
 * are counted, each kind for itself, over all threads.
 *
 *   CRASH_AT=fdatasync:12:before   dies instead of the 12th fdatasync (`:after`: right after it)
 *   CRASH_COUNTS=/path             writes how many of each there were when the process ends orderly
 *
 * What the process starts is not its business: the first thing that it does is to take itself out of the environment.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE, FSYNC, FDATASYNC, RENAME, UNLINK, MKDIR, TRUNCATE, FORK, KINDS };
static const char *names[KINDS] = {"write", "fsync", "fdatasync", "rename", "unlink", "mkdir", "truncate", "fork"};
static atomic_long counts[KINDS];
static int wanted_kind = -1, wanted_after = 0, is_ours = 0;
static long wanted_number = 0;
static char counts_file[4096];

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/* Counts one call; true when the process has to die right after it. */
static int passes(int kind) {
  if (!is_ours) return 0;
  long number = atomic_fetch_add(&counts[kind], 1) + 1;
  if (kind != wanted_kind || number != wanted_number) return 0;
  if (!wanted_after) die();
  return 1;
}

static int is_file(int fd) {
  struct stat about;
  return fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
}

__attribute__((constructor)) static void begin(void) {
  const char *at = getenv("CRASH_AT"), *file = getenv("CRASH_COUNTS");
  char kind[32] = "", side[16] = "";
  is_ours = at != NULL || file != NULL;
  if (file != NULL) snprintf(counts_file, sizeof counts_file, "%s", file);
  if (at != NULL && sscanf(at, "%31[a-z]:%ld:%15s", kind, &wanted_number, side) == 3) {
    for (int index = 0; index < KINDS; index++)
      if (strcmp(kind, names[index]) == 0) wanted_kind = index;
    wanted_after = strcmp(side, "after") == 0;
  }
  unsetenv("CRASH_AT");
  unsetenv("CRASH_COUNTS");
  unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void) {
  if (!is_ours || counts_file[0] == '\0') return;
  FILE *file = fopen(counts_file, "w");
  if (file == NULL) return;
  for (int kind = 0; kind < KINDS; kind++) fprintf(file, "%s %ld\n", names[kind], (long)atomic_load(&counts[kind]));
  fclose(file);
}

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (real == NULL) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define AROUND(kind, counted, call) \
  int dies = (counted) && passes(kind); \
  long given = (call); \
  if (dies) die(); \
  return given

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t);
  AROUND(WRITE, is_ours && is_file(fd), real(fd, data, size));
}
ssize_t writev(int fd, const struct iovec *data, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  AROUND(WRITE, is_ours && is_file(fd), real(fd, data, count));
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
  AROUND(WRITE, 1, real(fd, data, size, at));
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  AROUND(WRITE, 1, real(fd, data, size, at));
}
int fsync(int fd) {
  REAL(int, fsync, int);
  AROUND(FSYNC, 1, real(fd));
}
int fdatasync(int fd) {
  REAL(int, fdatasync, int);
  AROUND(FDATASYNC, 1, real(fd));
}
int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  AROUND(RENAME, 1, real(from, to));
}
int unlink(const char *path) {
  REAL(int, unlink, const char *);
  AROUND(UNLINK, 1, real(path));
}
int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  AROUND(MKDIR, 1, real(path, mode));
}
int ftruncate(int fd, off_t size) {
  REAL(int, ftruncate, int, off_t);
  AROUND(TRUNCATE, 1, real(fd, size));
}
int ftruncate64(int fd, off64_t size) {
  REAL(int, ftruncate64, int, off64_t);
  AROUND(TRUNCATE, 1, real(fd, size));
}
pid_t fork(void) {
  REAL(pid_t, fork, void);
  int dies = passes(FORK);
  pid_t child = real();
  if (child == 0) is_ours = 0;
  if (child != 0 && dies) die();
  return child;
}
