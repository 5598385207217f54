// What Swift cannot import from Linux: inline atomics and counters for the hot path, and the system calls that
// Glibc's module map leaves out (declared here, defined in CLinux.c, so that _GNU_SOURCE stays out of this header).
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <linux/io_uring.h>
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

// Counter: constant-rate, readable without a system call. Zero where the architecture has none that we trust.
static inline __attribute__((always_inline)) uint64_t ll_counter(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return ((uint64_t)high << 32) | low;
#elif defined(__aarch64__)
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#else
  return 0;
#endif
}
// A hint to the processor that this is a wait for another core.
static inline __attribute__((always_inline)) void ll_cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}
// A hint to the processor that this line of memory will be written, though another core has it. Never faults.
static inline __attribute__((always_inline)) void ll_prefetch_to_write(const void *_Nonnull at) {
#if defined(__x86_64__)
  // The compiler's own hint fetches for reading where it may not assume that the processor knows this one.
  __asm__ volatile("prefetchw %0" : : "m"(*(const char *)at));
#else
  __builtin_prefetch(at, 1);
#endif
}
// Tells threads that live apart: pthread_self without the call.
static inline __attribute__((always_inline)) uintptr_t ll_thread(void) { return (uintptr_t)__builtin_thread_pointer(); }
// Whether the counter runs at one rate whatever the core does, and the kernel itself keeps time by it.
bool ll_counter_is_invariant(void);

static inline __attribute__((always_inline)) void ll_store_release(uint64_t *_Nonnull at, uint64_t value) {
  __atomic_store_n(at, value, __ATOMIC_RELEASE);
}
static inline __attribute__((always_inline)) uint64_t ll_load_acquire(const uint64_t *_Nonnull at) {
  return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}
static inline __attribute__((always_inline)) void ll_store_release_32(uint32_t *_Nonnull at, uint32_t value) {
  __atomic_store_n(at, value, __ATOMIC_RELEASE);
}
static inline __attribute__((always_inline)) uint32_t ll_load_acquire_32(const uint32_t *_Nonnull at) {
  return __atomic_load_n(at, __ATOMIC_ACQUIRE);
}
static inline __attribute__((always_inline)) uint64_t ll_exchange(uint64_t *_Nonnull at, uint64_t value) {
  return __atomic_exchange_n(at, value, __ATOMIC_ACQ_REL);
}
static inline __attribute__((always_inline)) bool ll_compare_exchange(uint64_t *_Nonnull at, uint64_t expected, uint64_t desired) {
  return __atomic_compare_exchange_n(at, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
static inline __attribute__((always_inline)) uint64_t ll_fetch_add(uint64_t *_Nonnull at, uint64_t value) {
  return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}

// Clocks, in nanoseconds.
int64_t ll_monotonic(void);
int64_t ll_boottime(void);
int64_t ll_realtime(void);
int64_t ll_thread_cpu_time(void);
int64_t ll_process_cpu_time(void);

// Each returns what the call of the same name returns: -1 and errno where it fails.
int ll_eventfd(void);
int ll_signalfd(const int *_Nonnull signals, int count);
int ll_accept4(int fd);
// As ll_accept4, and who called.
int ll_accept_from(int fd, struct sockaddr_storage *_Nonnull peer, socklen_t *_Nonnull length);

// What a loop calls all the time, without the C library: in a process of several threads that makes each of these calls a point of
// pthread_cancel, by two atomic exchanges; of a poll that finds nothing that was measured at 60 ns of 200. (Where it is not x86 it
// is through the library all the same.) They answer as the kernel does: a failure is its errno, negative.
static inline __attribute__((always_inline)) long ll_system_call(long number, long a, long b, long c, long d) {
#if defined(__x86_64__)
  register long fourth __asm__("r10") = d, fifth __asm__("r8") = 0, sixth __asm__("r9") = 0;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
#else
  long result = syscall(number, a, b, c, d, 0L, 0L);
  return result < 0 ? -errno : result;
#endif
}

int ll_epoll_wait_until(int fd, struct epoll_event *_Nonnull events, int capacity, int64_t timeout_ns);
// epoll_wait with its time-out in nanoseconds, negative for none; rounded up to milliseconds on kernels before 5.11.
static inline int ll_epoll_wait(int fd, struct epoll_event *_Nonnull events, int capacity, int64_t timeout_ns) {
  if (timeout_ns > 0) return ll_epoll_wait_until(fd, events, capacity, timeout_ns);
  int timeout = timeout_ns < 0 ? -1 : 0;
#ifdef SYS_epoll_wait
  return (int)ll_system_call(SYS_epoll_wait, fd, (long)events, capacity, timeout);
#else
  return (int)ll_system_call(SYS_epoll_pwait, fd, (long)events, capacity, timeout);
#endif
}
static inline __attribute__((always_inline)) ssize_t ll_receive(int fd, void *_Nonnull bytes, size_t count) {
  return ll_system_call(SYS_recvfrom, fd, (long)bytes, (long)count, 0);
}
// Without SIGPIPE: a peer that went away is EPIPE only.
static inline __attribute__((always_inline)) ssize_t ll_send(int fd, const void *_Nullable bytes, size_t count) {
  return ll_system_call(SYS_sendto, fd, (long)bytes, (long)count, MSG_NOSIGNAL);
}

// Adds one to an eventfd's counter. Cannot fail: that would have to be at 2^64 - 2.
static inline void ll_signal_eventfd(int fd) {
  uint64_t one = 1;
  (void)ll_system_call(SYS_write, fd, (long)&one, sizeof one, 0);
}

// What the headers of a kernel before 6.1 lack of io_uring.
#ifndef IORING_SETUP_TASKRUN_FLAG
#define IORING_SETUP_TASKRUN_FLAG (1U << 9)
#define IORING_SQ_TASKRUN (1U << 2)
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_SINGLE_ISSUER (1U << 12)
#define IORING_SETUP_DEFER_TASKRUN (1U << 13)
#endif
int ll_uring_setup(unsigned entries, struct io_uring_params *_Nonnull parameters);
// Submits, and does the work that was deferred; waits for nothing.
int ll_uring_enter(int ring, unsigned submitted);

int ll_fallocate(int fd, int64_t offset, int64_t length);
int ll_punch_hole(int fd, int64_t offset, int64_t length);
int ll_memfd_create(const char *_Nonnull name);
int ll_pidfd_open(pid_t pid);
// Pipes are told apart from sockets where both are read and written: cold keeps them out of the way there.
// read(2), answering as the kernel does.
__attribute__((cold)) ssize_t ll_read(int fd, void *_Nonnull bytes, size_t count);
// write(2) to a pipe without SIGPIPE: EPIPE only. Neither the signal's disposition nor the thread's mask is changed. Answers as
// the kernel does.
__attribute__((cold)) ssize_t ll_write_no_signal(int fd, const void *_Nullable bytes, size_t count);
// Both ends close on exec and lie above the standard descriptors.
int ll_pipe(int ends[_Nonnull 2]);
// Starts a program with default signal dispositions and no signal blocked; `standard` become its descriptors 0 to 2 (-1: as
// here), all others are closed. `folder` is where it works, -1 for here. Returns 0 or an errno: also that of its exec.
int ll_spawn(
    pid_t *_Nonnull pid, const char *_Nonnull file, char *_Nullable const *_Nonnull arguments,
    char *_Nullable const *_Nonnull environment, const int standard[_Nonnull 3], int folder);
// 1 with its end (as CLD_EXITED or not, and status or signal), 0 while it runs, -1 and errno.
int ll_reap(int pidfd, bool *_Nonnull exited, int *_Nonnull status);
int ll_pidfd_signal(int pidfd, int signal);
// The next signal that a signalfd has, 0 for none.
int ll_take_signal(int fd);
int ll_madvise_wipe_on_fork(void *_Nonnull at, size_t length);
int ll_madvise_populate_write(void *_Nonnull at, size_t length);
int ll_open_unlinked(const char *_Nonnull folder);
pid_t ll_gettid(void);
// The `nth` CPU (from 0) that the calling thread may run on; -1 where there are not so many.
int ll_usable_cpu(int nth);
// Keeps a thread (or a process's first one) on one CPU.
int ll_pin(pid_t thread, int cpu);
int ll_end_with_parent(void);
int ll_set_thread_name(const char *_Nonnull name);
int ll_wcwidth(uint32_t scalar);

// Lets malloc keep up to so many bytes that were freed, in place of giving each large block back and faulting it in anew.
void ll_keep_freed(int bytes);

// open(2) takes its mode as a variadic argument.
int ll_open(const char *_Nonnull path, int flags, unsigned mode);
int ll_openat(int folder, const char *_Nonnull path, int flags, unsigned mode);

typedef struct {
  int64_t user_ns, system_ns, voluntary_switches, involuntary_switches, minor_faults, major_faults;
} ll_usage;
int ll_thread_usage(ll_usage *_Nonnull usage);

// Swift's concurrency runtime: what it has no Swift interface for. A job is the runtime's object, pending or being enqueued.

// The id that a task keeps for life, as `swift_task_getJobTaskId` says; 0 for a job that belongs to no task.
uint64_t ll_job_task_id(const void *_Nonnull job);
// Where a suspended task will go on, innermost first: fills `functions` with at most `capacity` addresses, returns how many.
int ll_job_resume_functions(const void *_Nonnull job, const void *_Nullable *_Nonnull functions, int capacity);
// What a mangled name stands for, for the caller to free.
char *_Nullable ll_demangle(const char *_Nonnull name);
// By how much the program's addresses differ from those in its file.
uintptr_t ll_load_bias(void);
// A serial executor as the runtime knows it.
typedef struct {
  const void *_Nullable identity;
  uintptr_t implementation;
} ll_executor;
// From here on the main actor's executor is this one; with no identity, the runtime's own again.
void ll_set_main_executor(ll_executor executor);
// Gives a job of the main actor to the runtime's own executor of it.
void ll_enqueue_main_job(const void *_Nonnull job);
