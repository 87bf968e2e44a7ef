// Loaded before the C library (LD_PRELOAD): the fsync whose number is in FAIL_AT, and with FAIL_ON all that come after it,
// do their work and fail, as a disk does that loses the answer.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_int calls;

static int answer(const char *name, int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  int done = real(fd), call = ++calls, at = atoi(getenv("FAIL_AT"));
  if (call != at && (call < at || getenv("FAIL_ON") == NULL)) return done;
  errno = EIO;
  return -1;
}

int fsync(int fd) { return answer("fsync", fd); }
int fdatasync(int fd) { return answer("fdatasync", fd); }
