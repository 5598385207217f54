// What no tracer gets under: the counter read at the begin and at the end, and both stored.
#include "peer.h"

static uint64_t ring[1 << 17];  // 1 MiB
static uint64_t head;

static inline uint64_t counter(void) {
#if defined(__x86_64__)
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return ((uint64_t)high << 32) | low;
#else
  uint64_t value;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
  return value;
#endif
}

static void pairs(long count) {
  for (long i = 0; i < count; i++) {
    uint64_t begin = counter();
    uint64_t end = counter();
    uint64_t at = head & ((1 << 17) - 1);
    ring[at] = begin;
    ring[at + 1] = end;
    __atomic_store_n(&head, head + 2, __ATOMIC_RELEASE);
  }
}
