// Loaded before the C library (LD_PRELOAD): lets one call on one file fail with EIO. The file named by FAULT_ORDER says which:
// "CALL WAY PART", where CALL is write, sync or rename, WAY is before (nothing was done), after (it was done, and only the
// answer is lost) or dying (as after, and from then on nothing is done to such files any more), and PART is in the path of
// the file, or of the folder. The order is removed when it is carried out, but for a dying disk's.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fault { NONE, BEFORE, AFTER };
static atomic_int dead;

static enum fault fault_of(const char *call, const char *path) {
  char wanted[16], way[16], part[256];
  const char *order = getenv("FAULT_ORDER");
  FILE *file = order == NULL ? NULL : fopen(order, "r");
  if (file == NULL) {
    dead = 0;
    return NONE;
  }
  int read = fscanf(file, "%15s %15s %255s", wanted, way, part);
  fclose(file);
  if (read != 3 || strstr(path, part) == NULL) return NONE;
  if (dead) return BEFORE;
  if (strcmp(call, wanted) != 0) return NONE;
  if (strcmp(way, "dying") == 0) dead = 1;
  else unlink(order);
  return strcmp(way, "before") == 0 ? BEFORE : AFTER;
}

static enum fault fault_of_fd(const char *call, int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NONE;
  path[length] = 0;
  return fault_of(call, path);
}

#define FAIL_OR_DO(found, type, act) \
  do { \
    enum fault how = (found); \
    if (how != BEFORE) { \
      type done = (act); \
      if (how == NONE) return done; \
    } \
    errno = EIO; \
    return -1; \
  } while (0)
#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

int fsync(int fd) { FAIL_OR_DO(fault_of_fd("sync", fd), int, REAL(int, "fsync", int)(fd)); }
int fdatasync(int fd) { FAIL_OR_DO(fault_of_fd("sync", fd), int, REAL(int, "fdatasync", int)(fd)); }
int ftruncate64(int fd, off64_t length) {
  FAIL_OR_DO(fault_of_fd("truncate", fd), int, REAL(int, "ftruncate64", int, off64_t)(fd, length));
}
ssize_t write(int fd, const void *bytes, size_t count) {
  FAIL_OR_DO(fault_of_fd("write", fd), ssize_t, REAL(ssize_t, "write", int, const void *, size_t)(fd, bytes, count));
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  FAIL_OR_DO(fault_of_fd("write", fd), ssize_t,
             REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)(fd, bytes, count, at));
}
int unlink(const char *path) {
  int (*real)(const char *) = REAL(int, "unlink", const char *);
  const char *order = getenv("FAULT_ORDER");
  if (order != NULL && strcmp(path, order) == 0) return real(path);
  FAIL_OR_DO(fault_of("unlink", path), int, real(path));
}
int rename(const char *from, const char *to) {
  FAIL_OR_DO(fault_of("rename", to), int, REAL(int, "rename", const char *, const char *)(from, to));
}
