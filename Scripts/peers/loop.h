// An event loop to be measured: `LOOP SCENARIO` reads counts, runs the scenario for that many callbacks each and answers
// with nanoseconds of CPU time (the process's, all threads) a callback. A count of 0, or the input's end, ends it.
//
// Scenarios, the same for every loop:
//   iteration  one callback a pass of the loop, which calls for itself again, with a poll that does not wait in each
//   readable   one callback a pass of the loop, for a descriptor that is always ready to be read
//   timers     1000 repeating timers of 1 to 5 ms
//   burst      another thread calls for 1000 callbacks in a row, waits until they have run, and so on
//   ping       as burst, with one callback at a time
//   echo       a server that sends back what comes; each line that it reads is answered with its port, the nanoseconds of
//              CPU time that the loop's thread has taken (not the one that answers) and the bytes of memory that it has now
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { timer_count = 1000 };

// What each loop provides. Timer i repeats every `timer_period(i)` milliseconds.
static void iterate(long count);
static void watch_readable(int descriptor, long count);
static void run_timers(long count);
// Makes a loop that can be woken, before there is another thread.
static void prepare_calls(void);
// Runs a loop that takes the calls whenever it was woken, until `calls_left` is 0.
static void take_calls(void);
// Lets go of that loop, when nobody wakes it any more.
static void end_calls(void);
// Wakes that loop from another thread.
static void wake(void);
// Takes connections from a listening socket that does not block, and sends back what comes on each; never returns.
static void serve(int listener);

static inline int timer_period(int index) { return 1 + index % 5; }

static void readable(long count) {
  int descriptor = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  watch_readable(descriptor, count);
  close(descriptor);
}

// MARK: Calls from a thread. No library has a queue of them: this is the one that everybody writes around its wake-up.

typedef struct { void (*function)(void *); void *argument; } call;
typedef struct { call *list; size_t count, room; } calls;
static pthread_mutex_t posted_lock = PTHREAD_MUTEX_INITIALIZER;
static calls posted, taken;
static sem_t batch_done;
static long calls_left, batch_size, batch_left;

static void post(void (*function)(void *), void *argument) {
  pthread_mutex_lock(&posted_lock);
  if (posted.count == posted.room) {
    posted.room = posted.room ? 2 * posted.room : 16;
    posted.list = realloc(posted.list, posted.room * sizeof(call));
  }
  posted.list[posted.count++] = (call){function, argument};
  pthread_mutex_unlock(&posted_lock);
  wake();
}

// On the loop's thread, whenever it was woken.
static void run_posted(void) {
  pthread_mutex_lock(&posted_lock);
  calls swapped = posted;
  posted = taken;
  taken = swapped;
  pthread_mutex_unlock(&posted_lock);
  for (size_t i = 0; i < taken.count; i++) taken.list[i].function(taken.list[i].argument);
  taken.count = 0;
}

static void called(void *argument) {
  (void)argument;
  calls_left--;
  if (--batch_left == 0) {
    batch_left = batch_size;
    sem_post(&batch_done);
  }
}

static void *poster(void *argument) {
  for (long left = *(long *)argument; left > 0; left -= batch_size) {
    for (long i = 0; i < batch_size; i++) post(called, NULL);
    while (sem_wait(&batch_done)) {}
  }
  return NULL;
}

static void run_calls(long count, long batch) {
  pthread_t thread;
  count = (count + batch - 1) / batch * batch;
  batch_size = batch_left = batch;
  calls_left = count;
  sem_init(&batch_done, 0, 0);
  prepare_calls();
  pthread_create(&thread, NULL, poster, &count);
  take_calls();
  // The poster may be about to wake the loop for what it has run already.
  pthread_join(thread, NULL);
  end_calls();
}

static void burst(long count) { run_calls(count, 1000); }
static void ping(long count) { run_calls(count, 1); }

static int64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// MARK: The echo, where a library leaves the system calls to the program

static char received[64 << 10];

// The next connection that waits, ready for use; -1 for none.
static inline int take_connection(int listener) {
  int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  return descriptor;
}

// Sends back what came; false at the connection's end. What is sent here always fits.
static inline int send_back(int descriptor) {
  ssize_t count = recv(descriptor, received, sizeof received, 0);
  if (count < 0) return errno == EAGAIN;
  if (count > 0 && send(descriptor, received, (size_t)count, MSG_NOSIGNAL) != count) abort();
  return count > 0;
}

static clockid_t loop_clock;

static void *answer(void *port) {
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    long pages = 0;
    FILE *memory = fopen("/proc/self/statm", "r");
    if (!memory || fscanf(memory, "%*s %ld", &pages) != 1) abort();
    fclose(memory);
    printf("%d %lld %ld\n", *(int *)port, (long long)clock_ns(loop_clock), pages * sysconf(_SC_PAGESIZE));
    fflush(stdout);
  }
  exit(0);
}

static void echo(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1024)) abort();
  getsockname(listener, (struct sockaddr *)&address, &length);
  int port = ntohs(address.sin_port);
  pthread_getcpuclockid(pthread_self(), &loop_clock);
  pthread_t thread;
  pthread_create(&thread, NULL, answer, &port);
  serve(listener);
}

// MARK: The program

int main(int argc, char **argv) {
  if (argc == 2 && !strcmp(argv[1], "echo")) echo();
  static const struct { const char *name; void (*run)(long); } scenarios[] = {
      {"iteration", iterate}, {"readable", readable}, {"timers", run_timers}, {"burst", burst}, {"ping", ping}};
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
    if (argc != 2 || strcmp(argv[1], scenarios[i].name)) continue;
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
      long count = atol(line);
      if (count <= 0) break;
      int64_t begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
      scenarios[i].run(count);
      printf("%.3f\n", (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)count);
      fflush(stdout);
    }
    return 0;
  }
  printf("failed: there is no such scenario\n");
  return 1;
}
