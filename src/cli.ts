#!/usr/bin/env node
/** The entry point of the command line. Each command is a file of src/cli/. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `mizuchi-uploadr needs Node.js 24 or newer; this is ${process.version}. In a checkout, use npm scripts: they bring their own.\n`,
  );
  process.exit(1);
}
await import('./kit/heap-flags.ts');
const { run } = await import('./cli/run.ts');
// Not `exitCode`: a reader of the log that stops reading would keep the process alive.
process.exit(await run(process.argv.slice(2), process.env));
