/** An exporter whose files may be unreadable for a while: it is created at once, and again with each attempt until that succeeds. */
import type { Headers } from '../export-headers.ts';
import type { CreatedExporter } from './create-exporter.ts';
import { type Exporter, type ExportResult, printable } from './result.ts';

export class DeferredExporter implements Exporter {
  readonly #create: () => Promise<CreatedExporter>;
  #creating: Promise<CreatedExporter | Error>;
  #created: CreatedExporter | undefined;

  constructor(create: () => Promise<CreatedExporter>) {
    this.#create = create;
    this.#creating = this.#attempt();
  }

  /** The headers of the next request. */
  get headers(): Headers {
    return this.#created?.headers.current() ?? {};
  }

  async export(request: Uint8Array): Promise<ExportResult> {
    const created = await this.#creating;
    if (!(created instanceof Error)) return created.exporter.export(request);
    this.#creating = this.#attempt();
    return { type: 'retryable', message: printable(created.message) };
  }

  close(): void {
    this.#created?.exporter.close();
  }

  #attempt(): Promise<CreatedExporter | Error> {
    return this.#create().then(
      (created) => (this.#created = created),
      (error: Error) => error,
    );
  }
}
