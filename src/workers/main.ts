/** The program of a worker. The flags of V8 come before everything else. */
import '../kit/heap-flags.ts';

await import('./worker.ts');
