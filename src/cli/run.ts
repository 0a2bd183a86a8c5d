/** Parses the arguments (commander) and runs the command that they name. */
import { text } from 'node:stream/consumers';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { workerCount } from '../config/scalars.ts';
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

// A command is loaded when it is called: `check` does not need a server.
const check = async (...call: Parameters<typeof import('./check.ts').check>) =>
  (await import('./check.ts')).check(...call);
const serve = async (...call: Parameters<typeof import('./serve.ts').serve>) =>
  (await import('./serve.ts')).serve(...call);
const reload = async (...call: Parameters<typeof import('./reload.ts').reload>) =>
  (await import('./reload.ts')).reload(...call);
const store = async (...call: Parameters<typeof import('./store.ts').store>) =>
  (await import('./store.ts')).store(...call);

const doctor = async (...call: Parameters<typeof import('./doctor.ts').doctor>) =>
  (await import('./doctor.ts')).doctor(...call);
const probe = async (...call: Parameters<typeof import('./probe.ts').probe>) =>
  (await import('./probe.ts')).probe(...call);
const top = async (...call: Parameters<typeof import('./top.ts').top>) => (await import('./top.ts')).top(...call);
const replayFile = async (...call: Parameters<typeof import('./replay.ts').replayFile>) =>
  (await import('./replay.ts')).replayFile(...call);
const faults = async (...call: Parameters<typeof import('./faults.ts').faults>) =>
  (await import('./faults.ts')).faults(...call);

/** What a command gets, and where its exit code goes. */
interface Call {
  readonly env: NodeJS.ProcessEnv;
  exitCode: number;
}

/** @returns the exit code of the process: 0 success, 1 the command failed, 2 its arguments are invalid. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const call: Call = { env, exitCode: 0 };
  const program = programOf(call);
  for (const add of [addServe, addReload, addCheck, addDoctor, addProbe, addTop, addReplay, addStore, addFaults])
    add(program, call);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return call.exitCode;
}

const write = (text: string): void => void process.stdout.write(text);

const configOption = () =>
  new Option('-c, --config <file>', 'configuration file (or MIZUCHI_CONFIG)').env('MIZUCHI_CONFIG');

async function withConfig(
  call: Call,
  { config }: ConfigOptions,
  command: (file: string) => Promise<number>,
): Promise<void> {
  if (config !== undefined) call.exitCode = await command(config);
  else {
    process.stderr.write('error: no configuration; use --config FILE or set MIZUCHI_CONFIG\n');
    call.exitCode = 2;
  }
}

function programOf(call: Call): Command {
  const program = new Command('mizuchi-uploadr');
  const { env } = call;
  return program
    .description('Upload-only S3 gateway in which every upload is one trace.')
    .version(packageVersion())
    .exitOverride()
    .addOption(configOption())
    .option('--validate', 'the same as the command check')
    .allowExcessArguments()
    .action((options: ConfigOptions) => {
      const [unknown] = program.args;
      if (unknown !== undefined) return void (call.exitCode = refuseCommand(unknown, program));
      return withConfig(call, options, (file) =>
        options.validate === true ? check(file, env, write) : serve(file, env),
      );
    })
    .hook('preAction', (_, command) => refuseExcessArgument(command));
}

function addServe(program: Command, call: Call): void {
  program
    .command('serve', { isDefault: false })
    .description('run the gateway')
    .addOption(configOption())
    .option('--watch', 'read the configuration again when the file changes, as with SIGHUP')
    .addOption(
      new Option('--workers <number>', 'processes that serve uploads, or auto; instead of server.workers').argParser(
        workerCountOf,
      ),
    )
    .action((_: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), (file) => serve(file, call.env, command.opts())),
    );
}

/** @throws CommanderError */
function workerCountOf(text: string): number | 'auto' {
  const { parse } = workerCount({ prose: '' });
  const parsed = parse(text);
  if ('value' in parsed) return parsed.value;
  throw new InvalidArgumentError(`It ${parsed.wrong}; ${parsed.hint}.`);
}

function addReload(program: Command, call: Call): void {
  program
    .command('reload')
    .description('make the running gateway read its configuration again; needs admin.reload: true')
    .addOption(configOption())
    .option('--dry-run', 'only show what would change')
    .action((_: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), (file) => reload(file, call.env, write, command.opts())),
    );
}

function addCheck(program: Command, call: Call): void {
  program
    .command('check')
    .description('list every problem of a configuration, or show the gateway that it describes')
    .addOption(configOption())
    .option('--put <path>', 'show the outcome of this upload, such as uploads/a/b.txt; nothing is sent to the store')
    .option('--effective', 'print every setting with its effective value and its source: file, variable or default')
    .option(
      '--as <token-or-key>',
      'the client of --put: a token, an access key, or - for a token on the standard input',
    )
    .action((_: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), async (file) => {
        const options = await withToken(command.opts());
        const wrong = wrongCheckOptions(options);
        if (wrong === undefined) return check(file, call.env, write, options);
        process.stderr.write(`error: ${wrong}\n`);
        return 2;
      }),
    );
}

function addDoctor(program: Command, call: Call): void {
  program
    .command('doctor')
    .description(
      'try the stores, identity providers, policy engines and collectors of a configuration; nothing is stored',
    )
    .addOption(configOption())
    .action((_: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), (file) => doctor(file, call.env, write)),
    );
}

function addProbe(program: Command, call: Call): void {
  program
    .command('probe')
    .description('request a health probe of the running gateway: 0 if it responds with 200, else 1')
    .addOption(configOption())
    .addOption(new Option('--path <path>', 'the probe').choices(['/ready', '/health', '/startup']).default('/ready'))
    .action((_: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), (file) => probe(file, command.opts().path, call.env, write)),
    );
}

function addTop(program: Command, call: Call): void {
  program
    .command('top')
    .description('show the uploads in progress and the services of the running gateway; needs admin.view: true')
    .addOption(configOption())
    .option('--admin <url>', 'the admin port, instead of that of the configuration or http://127.0.0.1:9090')
    .option('--token-file <file>', 'the file with the token of the port, instead of admin.token_file')
    .option('--once', 'print once and end, as without a terminal')
    .option('--json', 'print the documents of /api/uploads and /api/health as JSON, once')
    .action(async (_: ConfigOptions, command: Command) => {
      const { config } = command.optsWithGlobals<ConfigOptions>();
      const terminal = { input: process.stdin, output: process.stdout };
      call.exitCode = await top(config, call.env, terminal, command.opts());
    });
}

function addReplay(program: Command, call: Call): void {
  program
    .command('replay')
    .description('send the spans of a fallback file to the collector, after an outage')
    .argument('<file>', 'the file of tracing.fallback, such as spans.jsonl')
    .addOption(configOption())
    .option('--from <line>', 'the first line to send', '1')
    .action((file: string, _: ConfigOptions, command: Command) =>
      withConfig(call, command.optsWithGlobals(), (config) =>
        replayFile(config, file, command.opts(), call.env, write),
      ),
    );
}

function addStore(program: Command, call: Call): void {
  program
    .command('store')
    .description('run a small S3-compatible store on a local directory, for demos and tests')
    .requiredOption('-d, --directory <directory>', 'where the objects are stored; created if it does not exist')
    .option('-a, --address <host:port>', 'where to listen', '127.0.0.1:9000')
    .option('--access-key <key>', 'access key that the store accepts', 'mizuchi')
    .option('--secret-key <key>', 'secret key that the store accepts', 'mizuchi-secret')
    .option('-b, --bucket <name...>', 'buckets to create', ['my-bucket'])
    .action(async (options) => {
      call.exitCode = await store(options);
    });
}

function addFaults(program: Command, call: Call): void {
  program
    .command('faults')
    .description('run a proxy in front of a store that injects faults, to rehearse failures of uploads')
    .requiredOption('-s, --store <url>', 'the store behind it, such as http://127.0.0.1:9000')
    .requiredOption('-p, --plan <file>', 'the faults and the requests that they hit (docs/rehearsal.md)')
    .option('-a, --address <host:port>', 'where to listen', '127.0.0.1:9001')
    .action(async (options) => {
      call.exitCode = await faults(options, call.env);
    });
}

/** Every user of the machine can see a token on the command line, but not one on the standard input. */
async function withToken({ as, ...rest }: CheckOptions): Promise<CheckOptions> {
  return { ...rest, as: as === '-' ? (await text(process.stdin)).trim() : as };
}

function wrongCheckOptions({ as, put }: CheckOptions): string | undefined {
  if (as === undefined) return undefined;
  if (put === undefined) return '--as needs --put; name the upload to try, such as --put uploads/a/b.txt';
  return as === '' ? 'the token or access key of --as is empty; check that its variable is set' : undefined;
}

/** @throws CommanderError for the first argument that the command does not have. */
function refuseExcessArgument(command: Command): void {
  const excess = command.args[command.registeredArguments.length];
  if (command.parent === null || excess === undefined) return;
  const name = command.name();
  command.error(`error: ${name} does not accept the argument '${excess}'; see mizuchi-uploadr ${name} --help`);
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
