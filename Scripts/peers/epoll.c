// No library: what epoll itself costs, as the limit.
#include "loop.h"
#include <sys/epoll.h>
#include <unistd.h>

static int poller, waker;
static long left;

static void on_ready(void) { left--; }
static void (*volatile ready)(void) = on_ready;

static void iterate(long count) {
  struct epoll_event events[256];
  poller = epoll_create1(EPOLL_CLOEXEC);
  for (left = count; left > 0; ready()) epoll_wait(poller, events, 256, 0);
  close(poller);
}

static void watch_readable(int descriptor, long count) {
  struct epoll_event events[256];
  poller = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &(struct epoll_event){.events = EPOLLIN});
  for (left = count; left > 0;) {
    int ready_count = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < ready_count; i++) ready();
  }
  close(poller);
}

static void run_timers(long count) {
  (void)count;
  printf("failed: epoll has no timers\n");
  exit(1);
}

static void prepare_calls(void) {
  poller = epoll_create1(EPOLL_CLOEXEC);
  waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_ctl(poller, EPOLL_CTL_ADD, waker, &(struct epoll_event){.events = EPOLLIN});
}

static void take_calls(void) {
  struct epoll_event events[256];
  while (calls_left > 0) {
    epoll_wait(poller, events, 256, -1);
    uint64_t count;
    (void)!read(waker, &count, sizeof count);
    run_posted();
  }
}

static void end_calls(void) {
  close(waker);
  close(poller);
}

static void wake(void) {
  uint64_t one = 1;
  (void)!write(waker, &one, sizeof one);
}

static void serve(int listener) {
  struct epoll_event events[256];
  poller = epoll_create1(EPOLL_CLOEXEC);
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.fd = listener});
  while (1) {
    int count = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < count; i++) {
      int descriptor = events[i].data.fd;
      if (descriptor != listener) {
        if (!send_back(descriptor)) close(descriptor);
        continue;
      }
      while ((descriptor = take_connection(listener)) >= 0)
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &(struct epoll_event){.events = EPOLLIN, .data.fd = descriptor});
    }
  }
}
