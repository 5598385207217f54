#include "loop.h"
#include <event2/event.h>
#include <event2/thread.h>

static struct event_base *base;
static struct event *event;
static long left;

static void end(void) { event_free(event); event_base_free(base); }

static void on_active(int descriptor, short events, void *argument) {
  (void)descriptor; (void)events; (void)argument;
  if (--left > 0) event_active(event, EV_TIMEOUT, 0);
}

// What a callback makes active it runs before it polls again, unless told to poll after every callback.
static void iterate(long count) {
  struct event_config *config = event_config_new();
  event_config_set_max_dispatch_interval(config, NULL, 1, 0);
  base = event_base_new_with_config(config);
  event_config_free(config);
  left = count;
  event = event_new(base, -1, 0, on_active, NULL);
  event_active(event, EV_TIMEOUT, 0);
  event_base_dispatch(base);
  end();
}

static void on_readable(int descriptor, short events, void *argument) {
  (void)descriptor; (void)events; (void)argument;
  if (--left == 0) event_base_loopbreak(base);
}

static void watch_readable(int descriptor, long count) {
  base = event_base_new();
  left = count;
  event = event_new(base, descriptor, EV_READ | EV_PERSIST, on_readable, NULL);
  event_add(event, NULL);
  event_base_dispatch(base);
  end();
}

static struct event *timers[timer_count];

static void on_timer(int descriptor, short events, void *argument) {
  (void)descriptor; (void)events; (void)argument;
  if (--left == 0) event_base_loopbreak(base);
}

static void run_timers(long count) {
  left = count;
  base = event_base_new();
  for (int i = 0; i < timer_count; i++) {
    struct timeval period = {.tv_usec = 1000 * timer_period(i)};
    timers[i] = event_new(base, -1, EV_PERSIST, on_timer, NULL);
    event_add(timers[i], &period);
  }
  event_base_dispatch(base);
  for (int i = 0; i < timer_count; i++) event_free(timers[i]);
  event_base_free(base);
}

static void on_wake(int descriptor, short events, void *argument) {
  (void)descriptor; (void)events; (void)argument;
  run_posted();
  if (calls_left == 0) event_base_loopbreak(base);
}

static void prepare_calls(void) {
  evthread_use_pthreads();
  base = event_base_new();
  event = event_new(base, -1, 0, on_wake, NULL);
}
static void take_calls(void) { event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY); }
static void end_calls(void) { end(); }
static void wake(void) { event_active(event, EV_READ, 0); }

static void on_data(int descriptor, short events, void *argument) {
  (void)events; (void)argument;
  if (send_back(descriptor)) return;
  event_free(event_base_get_running_event(base));
  close(descriptor);
}

static void on_connection(int listener, short events, void *argument) {
  (void)events; (void)argument;
  int descriptor;
  while ((descriptor = take_connection(listener)) >= 0)
    event_add(event_new(base, descriptor, EV_READ | EV_PERSIST, on_data, NULL), NULL);
}

static void serve(int listener) {
  base = event_base_new();
  event_add(event_new(base, listener, EV_READ | EV_PERSIST, on_connection, NULL), NULL);
  event_base_dispatch(base);
}
