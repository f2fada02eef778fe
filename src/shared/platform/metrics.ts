import { collectDefaultMetrics, Registry } from 'prom-client';

/** One registry a process: its own health from the start, and what the role adds. */
export function makeRegistry({ role }: { readonly role: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  return registry;
}
