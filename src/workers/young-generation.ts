/**
 * The least size of the two halves of V8's young generation, which V8 reads only when a process starts. With slow traffic it stays at its
 * first size, and is collected after every ten uploads (docs/decisions/young-generation.md). The packages have the same flag in the first
 * line of the program: scripts/package/parts.sh.
 */
export const YOUNG_GENERATION = '--min-semi-space-size=4';
