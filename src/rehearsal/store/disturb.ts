/** Applies a fault. The serving code calls this at each stage of a request, and continues if there is no fault. */
import type { Exchange } from './exchange.ts';
import { type Fault, faultError, type Stage } from './faults.ts';
import { type Reply, XML_DECLARATION } from './reply.ts';
import { errorXml, ThrownAnswer } from './s3-error.ts';

/** @throws ThrownAnswer or ConnectionClosed if the fault ends the request here. */
export async function disturb(fault: Fault | undefined, stage: Stage, exchange: Exchange): Promise<void> {
  if (fault === undefined || !('at' in fault) || fault.at !== stage) return;
  if (fault.kind === 'refuse') throw new ThrownAnswer(faultError(fault));
  if (fault.kind === 'reset') exchange.reset();
  if (fault.kind === 'hang') await exchange.orGone(fault.until);
}

/** Applies the fault to the body. */
export async function* disturbBody(fault: Fault | undefined, exchange: Exchange): AsyncGenerator<Buffer> {
  if (fault?.kind === 'slow-read') await exchange.orGone(fault.turn(0));
  for await (const piece of exchange.body()) {
    const { bytes } = exchange.record;
    if (fault?.kind === 'reset' && typeof fault.at === 'number' && bytes >= fault.at) exchange.reset();
    if (fault?.kind === 'slow-read') await exchange.orGone(fault.turn(bytes));
    yield piece;
  }
  await disturb(fault, 'body', exchange);
}

/** Whether to run the operation; if not, its body is still read. */
export function preventsOperation(fault: Fault | undefined): boolean {
  return fault?.kind === 'white-space' && fault.error !== undefined;
}

/** Applies the fault to the reply. */
export function disturbReply(fault: Fault | undefined, reply: Reply, exchange: Exchange): Reply {
  if (fault?.kind !== 'white-space') return reply;
  const error = fault.error === undefined ? undefined : faultError(fault.error);
  const document = error === undefined ? reply.body : errorXml(error, exchange.ids);
  const body = withWhiteSpace(String(document), fault.spaces, exchange.orGone(fault.until));
  return { status: 200, headers: { ...reply.headers, 'content-type': 'application/xml' }, body };
}

/** The white space follows the XML declaration, which must be first. */
async function* withWhiteSpace(document: string, spaces: number, until: Promise<void>): AsyncGenerator<string> {
  yield XML_DECLARATION;
  for (let i = 0; i < spaces; i++) yield ' ';
  await until;
  yield document.replace(XML_DECLARATION, '');
}
