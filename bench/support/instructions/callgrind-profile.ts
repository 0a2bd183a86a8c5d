/**
 * The call graph in a file of callgrind, one file per thread (Valgrind manual, "Callgrind Format Specification"). A name is written once,
 * as `fn=(7) main`, and then as `fn=(7)`. A line of cost is position, line and instructions; the one after `calls=` is the inclusive cost of a call.
 */
export interface Profile {
  readonly thread: number;
  readonly functions: ReadonlyMap<string, FunctionCost>;
}

export interface FunctionCost {
  readonly name: string;
  /** Instructions of the function alone. */
  self: number;
  readonly callers: Map<FunctionCost, Calls>;
}

export interface Calls {
  count: number;
  /** Instructions of the calls with all that they called. */
  instructions: number;
}

/** @param nameOf the name of a function by what callgrind calls it: functions of the same name are one. */
export function readProfile(text: string, nameOf: (name: string) => string): Profile {
  const functions = new Map<string, FunctionCost>();
  const byId = new Map<string, FunctionCost>();
  let thread = 0;
  let current: FunctionCost | undefined;
  let called: FunctionCost | undefined;
  let count = 0;
  const functionOf = (reference: string): FunctionCost => {
    const [, id, name] = /^(\(\d+\)) ?(.*)$/.exec(reference)!;
    let found = byId.get(id!);
    if (found === undefined) {
      found = functionNamed(functions, nameOf(name!));
      byId.set(id!, found);
    }
    return found;
  };
  for (const line of text.split('\n')) {
    if (line.startsWith('fn=')) current = functionOf(line.slice(3));
    else if (line.startsWith('cfn=')) called = functionOf(line.slice(4));
    else if (line.startsWith('calls=')) count = Number(line.slice(6, line.indexOf(' ')));
    else if (line.startsWith('thread:')) thread = Number(line.slice(7));
    else if (/^[0-9+*-]/.test(line)) {
      const instructions = Number(line.slice(line.lastIndexOf(' ') + 1));
      if (called === undefined) current!.self += instructions;
      else if (called !== current) addCalls(called, current!, count, instructions);
      called = undefined;
    }
  }
  return { thread, functions };
}

function functionNamed(functions: Map<string, FunctionCost>, name: string): FunctionCost {
  let found = functions.get(name);
  if (found === undefined) {
    found = { name, self: 0, callers: new Map() };
    functions.set(name, found);
  }
  return found;
}

function addCalls(called: FunctionCost, caller: FunctionCost, count: number, instructions: number): void {
  const calls = called.callers.get(caller);
  if (calls === undefined) called.callers.set(caller, { count, instructions });
  else {
    calls.count += count;
    calls.instructions += instructions;
  }
}
