#!/usr/bin/env node
/** The command line: which command, with which options. What a command does stands in src/cli/, one file each. */
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `mizuchi-uploadr needs Node 24 or newer; this is ${process.version}. In a checkout, npm brings its own.\n`,
  );
  process.exit(1);
}
await import('./cli/heap-flags.ts');
const { run } = await import('./cli/run.ts');
// Not `exitCode`: a reader of the log that stands still would hold the process for ever.
process.exit(await run(process.argv.slice(2), process.env));
