// Giving the terminal back, also from within a signal's handler.
#pragma once
#include <stdbool.h>

// Notes the terminal's settings and forgets the sequences.
void lln_save_terminal(void);
// Adds a terminfo sequence to those that give the terminal back, without its padding.
void lln_add_restoring(const char *sequence);
// Whether there is something to give back.
void lln_arm_restoring(bool armed);
// Stops the process by SIGTSTP, which is ours to handle, and returns when it is continued.
void lln_stop_process(void);
