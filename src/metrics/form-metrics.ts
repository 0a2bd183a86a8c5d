/** Gauge of the POST forms that are being read. */
import type { Registry } from './registry.ts';

export function watchForms(registry: Registry, gateway: { readonly formsReading: number }): void {
  registry.onCollect(() => registry.set('mizuchi_forms_reading', [], gateway.formsReading));
}
