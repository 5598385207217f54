// Drain
