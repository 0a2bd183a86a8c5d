/** The program of a worker. The flags of V8 come before everything else. */
import '../cli/heap-flags.ts';

await import('./worker.ts');
