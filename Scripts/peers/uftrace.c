// An empty function, with the compiler's own calls at its begin and end (-pg).
#include "peer.h"

__attribute__((noinline)) static void callback(void) { __asm__ volatile(""); }

static void pairs(long count) {
  for (long i = 0; i < count; i++) callback();
}
