#include "loop.h"
#include <uv.h>

static uv_loop_t loop;
static long left;

static void on_idle(uv_idle_t *idle) {
  if (--left == 0) uv_close((uv_handle_t *)idle, NULL);
}

static void iterate(long count) {
  uv_idle_t idle;
  left = count;
  uv_loop_init(&loop);
  uv_idle_init(&loop, &idle);
  uv_idle_start(&idle, on_idle);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

static uv_timer_t timers[timer_count];

static void on_timer(uv_timer_t *timer) {
  (void)timer;
  if (--left == 0) uv_stop(&loop);
}

static void run_timers(long count) {
  left = count;
  uv_loop_init(&loop);
  for (int i = 0; i < timer_count; i++) {
    uv_timer_init(&loop, &timers[i]);
    uv_timer_start(&timers[i], on_timer, timer_period(i), timer_period(i));
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  for (int i = 0; i < timer_count; i++) uv_close((uv_handle_t *)&timers[i], NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
}

static uv_async_t async;

static void on_async(uv_async_t *handle) {
  run_posted();
  if (calls_left == 0) uv_close((uv_handle_t *)handle, NULL);
}

static void take_calls(void) { uv_run(&loop, UV_RUN_DEFAULT); uv_loop_close(&loop); }
static void prepare_calls(void) { uv_loop_init(&loop); uv_async_init(&loop, &async, on_async); }
static void wake(void) { uv_async_send(&async); }
