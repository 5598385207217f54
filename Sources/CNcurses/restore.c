// Signals. The handlers touch only what is prepared before they are installed, and call only what POSIX lists as safe.
#define _GNU_SOURCE
#include "restore.h"
#include "CNcurses.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios settings;
static bool has_settings;
static char sequences[512];
static size_t sequences_length;
static int armed;

void lln_save_terminal(void) {
  has_settings = tcgetattr(STDIN_FILENO, &settings) == 0;
  sequences_length = 0;
}

void lln_add_restoring(const char *sequence) {
  while (*sequence) {
    const char *end = sequence[0] == '$' && sequence[1] == '<' ? strchr(sequence, '>') : NULL;
    if (end) {
      sequence = end + 1;
    } else if (sequences_length < sizeof sequences) {
      sequences[sequences_length++] = *sequence++;
    } else {
      return;
    }
  }
}

void lln_arm_restoring(bool on) { __atomic_store_n(&armed, on, __ATOMIC_SEQ_CST); }

static void restore(void) {
  if (!__atomic_exchange_n(&armed, 0, __ATOMIC_SEQ_CST)) return;
  size_t written = 0;
  while (written < sequences_length) {
    ssize_t count = write(STDOUT_FILENO, sequences + written, sequences_length - written);
    if (count > 0) written += (size_t)count;
    else if (count == 0 || errno != EINTR) break;
  }
  if (has_settings) tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

// Queued for the program. The first three end it: unanswered twice, the third of a sort kills.
static const int queued[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP, SIGCONT};
enum { ENDING = 3, PATIENCE = 2 };
// A crash: whoever handled it before (a printer of backtraces) gets it after us.
static const int crashes[] = {SIGSEGV, SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGABRT, SIGSYS, SIGQUIT};
// An end that nobody else handles.
static const int ends[] = {SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct sigaction previous[NSIG];
static bool taken[NSIG];
static int unanswered[NSIG];
static int pipe_ends[2] = {-1, -1};

// Whoever had the signal before has it now, with the fault as it was. If that one returns, as the Swift runtime's
// printer of backtraces does, the process still ends: what was not a fault but sent by somebody would not come again.
static void die(int number, siginfo_t *info, void *context) {
  restore();
  const struct sigaction *before = &previous[number];
  if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(number, info, context);
  else if (before->sa_handler != SIG_DFL) before->sa_handler(number);
  signal(number, SIG_DFL);
  raise(number);  // blocked until the handler returns
}

static void queue(int number, siginfo_t *info, void *context) {
  int saved = errno;
  int waiting = __atomic_add_fetch(&unanswered[number], 1, __ATOMIC_SEQ_CST);
  bool ending = false;
  for (size_t i = 0; i < ENDING; i++) ending = ending || queued[i] == number;
  if (ending && waiting > PATIENCE) die(number, info, context);
  unsigned char byte = (unsigned char)number;
  ssize_t ignored = write(pipe_ends[1], &byte, 1);  // full: then there is enough to be read
  (void)ignored;
  errno = saved;
}

// Ignored signals stay ignored: somebody upstream (nohup, a shell) wants it so.
static void take(int number, void (*handler)(int, siginfo_t *, void *), bool only_default) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  sigfillset(&action.sa_mask);
  sigaction(number, NULL, &previous[number]);
  bool plain = !(previous[number].sa_flags & SA_SIGINFO);
  bool is_default = plain && previous[number].sa_handler == SIG_DFL;
  if (plain && previous[number].sa_handler == SIG_IGN) return;
  if (only_default && !is_default) return;
  taken[number] = sigaction(number, &action, NULL) == 0;
  unanswered[number] = 0;
}

// A stack overflow has no stack left to handle it on.
static void have_signal_stack(void) {
  stack_t stack;
  if (sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE)) return;
  stack_t ours = {.ss_sp = malloc(64 << 10), .ss_size = 64 << 10};
  if (ours.ss_sp) sigaltstack(&ours, NULL);
}

static bool leaves_at_exit;

int lln_watch_signals(void) {
  if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) return -1;
  have_signal_stack();
  if (!leaves_at_exit) leaves_at_exit = atexit(restore) == 0;
  for (size_t i = 0; i < COUNT(queued); i++) take(queued[i], queue, false);
  for (size_t i = 0; i < COUNT(crashes); i++) take(crashes[i], die, false);
  for (size_t i = 0; i < COUNT(ends); i++) take(ends[i], die, true);
  return pipe_ends[0];
}

void lln_unwatch_signals(void) {
  for (int number = 1; number < NSIG; number++) {
    if (taken[number]) sigaction(number, &previous[number], NULL);
    taken[number] = false;
  }
  for (int i = 0; i < 2; i++) {
    if (pipe_ends[i] >= 0) close(pipe_ends[i]);
    pipe_ends[i] = -1;
  }
}

int lln_next_signal(void) {
  unsigned char number = 0;
  if (read(pipe_ends[0], &number, 1) != 1 || number >= NSIG) return 0;
  __atomic_store_n(&unanswered[number], 0, __ATOMIC_SEQ_CST);
  return number;
}

void lln_stop_process(void) {
  struct sigaction stop = {.sa_handler = SIG_DFL}, ours;
  sigaction(SIGTSTP, &stop, &ours);
  raise(SIGTSTP);
  sigaction(SIGTSTP, &ours, NULL);
}
