#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/falloc.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
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
int ll_epoll_wait_until(int fd, struct epoll_event *events, int capacity, int64_t timeout_ns) {
  struct timespec timeout = {.tv_sec = timeout_ns / 1000000000, .tv_nsec = timeout_ns % 1000000000};
  int ready = (int)syscall(SYS_epoll_pwait2, fd, events, capacity, &timeout, NULL, 0);
  if (ready < 0 && errno == ENOSYS) {
    int64_t milliseconds = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    ready = epoll_wait(fd, events, capacity, milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds);
  }
  return ready < 0 ? -errno : ready;
}
int ll_uring_setup(unsigned entries, struct io_uring_params *parameters) {
  return (int)syscall(SYS_io_uring_setup, entries, parameters);
}
int ll_uring_enter(int ring, unsigned submitted) {
  return (int)syscall(SYS_io_uring_enter, ring, submitted, 0, IORING_ENTER_GETEVENTS, NULL, 0);
}
int ll_fallocate(int fd, int64_t offset, int64_t length) { return fallocate(fd, 0, offset, length); }
int ll_punch_hole(int fd, int64_t offset, int64_t length) {
  return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}
int ll_memfd_create(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
int ll_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int ll_pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }
int ll_take_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
int ll_reap(int pidfd, bool *exited, int *status) {
  siginfo_t info = {0};
  if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0) return -1;
  *exited = info.si_code == CLD_EXITED;
  *status = info.si_status;
  return info.si_pid != 0;
}
ssize_t ll_read(int fd, void *bytes, size_t count) { return ll_system_call(SYS_read, fd, (long)bytes, (long)count, 0); }
ssize_t ll_write_no_signal(int fd, const void *bytes, size_t count) {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  ssize_t written = write(fd, bytes, count);
  int code = errno;
  // SIGPIPE is sent to the thread that wrote. One that was blocked before is the program's, and stays pending.
  if (written < 0 && code == EPIPE && !sigismember(&before, SIGPIPE)) {
    sigpending(&pending);
    struct timespec none = {0};
    if (sigismember(&pending, SIGPIPE)) sigtimedwait(&pipe, NULL, &none);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return written < 0 ? -code : written;
}
int ll_pipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    if (ends[i] > 2) continue;
    int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3);
    int code = errno;
    close(ends[i]);
    if (moved < 0) {
      close(ends[1 - i]);
      errno = code;
      return -1;
    }
    ends[i] = moved;
  }
  return 0;
}
static int prepare_spawn(
    posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, const int standard[3], int folder) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(attributes, &none);
  posix_spawnattr_setsigdefault(attributes, &all);
  posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  int failed = 0;
  for (int i = 0; i < 3 && !failed; i++)
    if (standard[i] >= 0) failed = posix_spawn_file_actions_adddup2(actions, standard[i], i);
  if (!failed && folder >= 0) failed = posix_spawn_file_actions_addfchdir_np(actions, folder);
  return failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, 3);
}
int ll_spawn(
    pid_t *pid, const char *file, char *const *arguments, char *const *environment, const int standard[3], int folder) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failed = posix_spawn_file_actions_init(&actions);
  if (failed) return failed;
  failed = posix_spawnattr_init(&attributes);
  if (!failed) {
    failed = prepare_spawn(&actions, &attributes, standard, folder);
    if (!failed) failed = posix_spawnp(pid, file, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_destroy(&actions);
  return failed;
}
int ll_madvise_wipe_on_fork(void *at, size_t length) { return madvise(at, length, MADV_WIPEONFORK); }
int ll_madvise_populate_write(void *at, size_t length) { return madvise(at, length, MADV_POPULATE_WRITE); }
int ll_open_unlinked(const char *folder) { return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }
int ll_usable_cpu(int nth) {
  cpu_set_t usable;
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) return -1;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &usable) && nth-- == 0) return cpu;
  return -1;
}
int ll_pin(pid_t thread, int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  return sched_setaffinity(thread, sizeof one, &one);
}
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

// Swift's concurrency runtime.

#define swiftcall __attribute__((swiftcall))

// The beginning of an AsyncTask and of an AsyncContext, which are part of Swift's stable interface on other systems and have
// not changed since Swift 5.5.
typedef struct async_context {
  struct async_context *parent;
  const void *resume_parent;
} async_context;
typedef struct {
  void *object[2], *scheduler[2];
  uint32_t flags, id;
  void *voucher, *reserved;
  const void *resume;
  async_context *context;
} async_task;

static bool is_task(const async_task *job) { return (job->flags & 0xFF) == 0; }

extern swiftcall uint64_t swift_task_getJobTaskId(const void *job);
uint64_t ll_job_task_id(const void *job) { return is_task(job) ? swift_task_getJobTaskId(job) : 0; }

int ll_job_resume_functions(const void *job, const void **functions, int capacity) {
  const async_task *task = job;
  if (!is_task(task) || capacity < 1) return 0;
  int count = 0;
  functions[count++] = task->resume;
  for (const async_context *at = task->context; at && at->resume_parent && count < capacity; at = at->parent) {
    functions[count++] = at->resume_parent;
  }
  return count;
}

extern char *swift_demangle(const char *name, size_t length, char *output, size_t *output_length, uint32_t flags);
char *ll_demangle(const char *name) { return swift_demangle(name, strlen(name), NULL, NULL, 0); }

typedef swiftcall ll_executor (*get_main_executor)(void);
extern swiftcall ll_executor (*swift_task_getMainExecutor_hook)(get_main_executor original);
// Atomic: tasks of other threads ask, too.
static _Atomic(const void *) main_identity;
static _Atomic(uintptr_t) main_implementation;

static swiftcall ll_executor main_executor(get_main_executor original) {
  ll_executor executor = {main_identity, main_implementation};
  return executor.identity ? executor : original();
}

void ll_set_main_executor(ll_executor executor) {
  main_implementation = executor.implementation;
  main_identity = executor.identity;
  swift_task_getMainExecutor_hook = main_executor;
}

extern swiftcall void swift_task_enqueueMainExecutor(const void *job);
void ll_enqueue_main_job(const void *job) { swift_task_enqueueMainExecutor(job); }

// The program itself is the first.
static int first_bias(struct dl_phdr_info *image, size_t size, void *bias) {
  (void)size;
  *(uintptr_t *)bias = image->dlpi_addr;
  return 1;
}

uintptr_t ll_load_bias(void) {
  uintptr_t bias = 0;
  dl_iterate_phdr(first_bias, &bias);
  return bias;
}
