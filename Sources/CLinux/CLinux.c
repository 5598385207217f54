#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int64_t read_clock(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
int64_t ll_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t ll_boottime(void) { return read_clock(CLOCK_BOOTTIME); }
int64_t ll_realtime(void) { return read_clock(CLOCK_REALTIME); }
int64_t ll_thread_cpu_time(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }
int64_t ll_process_cpu_time(void) { return read_clock(CLOCK_PROCESS_CPUTIME_ID); }

bool ll_counter_is_invariant(void) {
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & (1u << 8))) return false;
#elif !defined(__aarch64__)
  return false;
#endif
  char name[64] = "";
  FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
  if (!file) return false;
  if (!fgets(name, sizeof name, file)) name[0] = 0;
  fclose(file);
  return !strncmp(name, "tsc", 3) || !strncmp(name, "kvm-clock", 9) || !strncmp(name, "arch_sys_counter", 16);
}

int ll_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
int ll_signalfd(const int *signals, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
  int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
  if (failed) { errno = failed; return -1; }
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
int ll_accept4(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }
int ll_accept_from(int fd, struct sockaddr_storage *peer, socklen_t *length) {
  return accept4(fd, (struct sockaddr *)peer, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}
int ll_epoll_wait(int fd, struct epoll_event *events, int capacity, int64_t timeout_ns) {
  if (timeout_ns <= 0) return epoll_wait(fd, events, capacity, timeout_ns < 0 ? -1 : 0);
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  int ready = (int)syscall(SYS_epoll_pwait2, fd, events, capacity, &timeout, NULL, 0);
  if (ready >= 0 || errno != ENOSYS) return ready;
  int64_t milliseconds = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  return epoll_wait(fd, events, capacity, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
}
int ll_fallocate(int fd, int64_t offset, int64_t length) { return fallocate(fd, 0, offset, length); }
int ll_punch_hole(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
int ll_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int ll_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int ll_madvise_wipe_on_fork(void *at, size_t length) { return madvise(at, length, MADV_WIPEONFORK); }
int ll_madvise_populate_write(void *at, size_t length) { return madvise(at, length, MADV_POPULATE_WRITE); }
int ll_open_unlinked(const char *folder) { return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }
pid_t ll_gettid(void) { return gettid(); }
int ll_end_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGTERM); }
int ll_set_thread_name(const char *name) { return pthread_setname_np(pthread_self(), name); }
int ll_wcwidth(uint32_t scalar) { return wcwidth((wchar_t)scalar); }
int ll_open(const char *path, int flags, unsigned mode) { return open(path, flags, mode); }
int ll_openat(int folder, const char *path, int flags, unsigned mode) { return openat(folder, path, flags, mode); }

int ll_thread_usage(ll_usage *usage) {
  struct rusage r;
  if (getrusage(RUSAGE_THREAD, &r) != 0) return -1;
  usage->user_ns = (int64_t)r.ru_utime.tv_sec * 1000000000 + (int64_t)r.ru_utime.tv_usec * 1000;
  usage->system_ns = (int64_t)r.ru_stime.tv_sec * 1000000000 + (int64_t)r.ru_stime.tv_usec * 1000;
  usage->voluntary_switches = r.ru_nvcsw;
  usage->involuntary_switches = r.ru_nivcsw;
  usage->minor_faults = r.ru_minflt;
  usage->major_faults = r.ru_majflt;
  return 0;
}

void ll_keep_freed(int bytes) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, bytes);
  mallopt(M_TRIM_THRESHOLD, bytes);
#else
  (void)bytes;
#endif
}
