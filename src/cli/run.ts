/** Understands the arguments (commander) and runs the command they name. */
import { text } from 'node:stream/consumers';
import { Command, CommanderError, Option } from 'commander';
import { closestWord } from '../kit/closest-word.ts';
import { packageVersion } from '../kit/package-version.ts';

interface CheckOptions {
  as?: string | undefined;
  put?: string | undefined;
  effective?: boolean | undefined;
}

interface ConfigOptions {
  config?: string;
  validate?: boolean;
}

// A command is loaded when it is called: `check` has no use for a server.
const check = async (...call: Parameters<typeof import('./check.ts').check>) =>
  (await import('./check.ts')).check(...call);
const serve = async (...call: Parameters<typeof import('./serve.ts').serve>) =>
  (await import('./serve.ts')).serve(...call);
const store = async (...call: Parameters<typeof import('./store.ts').store>) =>
  (await import('./store.ts')).store(...call);

const doctor = async (...call: Parameters<typeof import('./doctor.ts').doctor>) =>
  (await import('./doctor.ts')).doctor(...call);
const replayFile = async (...call: Parameters<typeof import('./replay.ts').replayFile>) =>
  (await import('./replay.ts')).replayFile(...call);
const faults = async (...call: Parameters<typeof import('./faults.ts').faults>) =>
  (await import('./faults.ts')).faults(...call);

/** @returns the exit code of the process: 0 well, 1 the command failed, 2 it was called wrongly. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let exitCode = 0;
  const write = (text: string): void => void process.stdout.write(text);
  const configOption = () =>
    new Option('-c, --config <file>', 'configuration file (or MIZUCHI_CONFIG)').env('MIZUCHI_CONFIG');
  const withConfig = async ({ config }: ConfigOptions, command: (file: string) => Promise<number>): Promise<void> => {
    if (config !== undefined) exitCode = await command(config);
    else {
      process.stderr.write('error: no configuration: give --config FILE or set MIZUCHI_CONFIG\n');
      exitCode = 2;
    }
  };
  const program = new Command('mizuchi-uploadr')
    .description('Upload-only S3 gateway in which every upload is one truthful trace.')
    .version(packageVersion())
    .exitOverride()
    .addOption(configOption())
    .option('--validate', 'the same as the command check')
    .allowExcessArguments()
    .action((options: ConfigOptions) => {
      const [unknown] = program.args;
      if (unknown !== undefined) return void (exitCode = refuseCommand(unknown, program));
      return withConfig(options, (file) => (options.validate === true ? check(file, env, write) : serve(file, env)));
    });
  program
    .command('serve', { isDefault: false })
    .description('run the gateway')
    .addOption(configOption())
    .action((_: ConfigOptions, command: Command) => withConfig(command.optsWithGlobals(), (file) => serve(file, env)));
  program
    .command('check')
    .description('say everything that is wrong with a configuration, or what it will run')
    .addOption(configOption())
    .option('--put <path>', 'say what would come of this upload, such as uploads/a/b.txt; nothing is uploaded')
    .option('--effective', 'print every setting as it counts, and where it came from: file, variable or default')
    .option('--as <token-or-key>', 'whose upload: a token, an access key, or - for a token on the standard input')
    .action((_: ConfigOptions, command: Command) =>
      withConfig(command.optsWithGlobals(), async (file) => check(file, env, write, await whose(command.opts()))),
    );
  program
    .command('doctor')
    .description(
      'try the stores, identity providers, policy engines and the collector of a configuration; nothing is stored',
    )
    .addOption(configOption())
    .action((_: ConfigOptions, command: Command) =>
      withConfig(command.optsWithGlobals(), (file) => doctor(file, env, write)),
    );
  program
    .command('replay')
    .description('send spans to the collector that the fallback has written to a file while it was gone')
    .argument('<file>', 'what tracing.fallback has written, such as spans.jsonl')
    .addOption(configOption())
    .option('--from <line>', 'the first line to send', '1')
    .action((file: string, _: ConfigOptions, command: Command) =>
      withConfig(command.optsWithGlobals(), (config) => replayFile(config, file, command.opts(), env, write)),
    );
  program
    .command('store')
    .description('run a small S3-compatible store on a local directory, for demos and tests')
    .requiredOption('-d, --directory <directory>', 'where the objects are kept; made if it is not there')
    .option('-a, --address <host:port>', 'where to listen', '127.0.0.1:9000')
    .option('--access-key <key>', 'access key that it accepts', 'mizuchi')
    .option('--secret-key <key>', 'secret key that it accepts', 'mizuchi-secret')
    .option('-b, --bucket <name...>', 'buckets to create', ['my-bucket'])
    .action(async (options) => {
      exitCode = await store(options);
    });
  program
    .command('faults')
    .description('run a proxy in front of a store that fails on command, to rehearse what uploads do then')
    .requiredOption('-s, --store <url>', 'the store behind it, such as http://127.0.0.1:9000')
    .requiredOption('-p, --plan <file>', 'which requests meet which faults (docs/rehearsal.md)')
    .option('-a, --address <host:port>', 'where to listen', '127.0.0.1:9001')
    .action(async (options) => {
      exitCode = await faults(options, env);
    });
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

/** A token on the command line can be seen by everybody on the machine; one on the standard input cannot. */
async function whose({ as, ...rest }: CheckOptions): Promise<CheckOptions> {
  return { ...rest, as: as === '-' ? (await text(process.stdin)).trim() : as };
}

function refuseCommand(name: string, program: Command): number {
  const meant = closestWord(
    name,
    program.commands.map((command) => command.name()),
  );
  const hint = meant === undefined ? '' : ` (Did you mean ${meant}?)`;
  process.stderr.write(`error: unknown command '${name}'${hint}\n`);
  return 2;
}
