/** Whether what is described and what is served are the same. */
import type { Router } from 'express';
import type { Operation } from './operation.ts';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
}

/** `get /v1/campaigns/:id` and so on. Routers of ours name their paths in full. */
export const routesOf = (routers: readonly Router[]): string[] =>
  routers
    .flatMap((router) => router.stack as unknown as readonly Layer[])
    .flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [],
    )
    .sort();

export const routesIn = (operations: readonly Operation[]): string[] =>
  operations.map(({ method, path }) => `${method} ${path}`).sort();
