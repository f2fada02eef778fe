/** The API's description: for programs at /openapi.json, for people at /docs. No key is needed. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import express, { type Router } from 'express';
import { type Route, route } from '../http/route.ts';
import { openApiDocument } from '../openapi/document.ts';

/** From the package itself, so that nothing is fetched from elsewhere. */
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'] as const;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>qunfa API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<!--sandbox-->
<main id="ui"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/open.js"></script>
</body>
</html>
`;

/**
 * Opened on the call that plans a campaign and sends nothing, with an example that can be tried.
 * No validator: it would send the description to a stranger’s server.
 */
const OPEN = `if (!location.hash) history.replaceState(null, '', '#/Campaigns/planCampaign');
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#ui',
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: false,
  persistAuthorization: false,
});
`;

const SANDBOX =
  '<header role="banner" style="margin:0;padding:.6rem 1rem;background:#fdf1d8;color:#7d5200;text-align:center;font-weight:600">Sandbox 沙箱: what is tried here reaches no follower · 仅供演练，不会有真实用户收到消息</header>';

/** @param described the routes of the API; those of its description describe themselves. */
export function makeOpenApiRoutes(described: readonly Route[], isSandbox = false): Route[] {
  const routes = [
    route(
      {
        method: 'get',
        path: '/openapi.json',
        operationId: 'getOpenApi',
        tag: 'Service',
        summary: 'This description',
        needsKey: false,
        answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
      },
      async ({ res }) => {
        document ??= describeApi();
        res.type('json').send(document);
        return undefined;
      },
    ),
    route(
      {
        method: 'get',
        path: '/docs',
        operationId: 'getDocs',
        tag: 'Service',
        summary: 'This description, to be read',
        needsKey: false,
        answers: { 200: { description: 'A page', type: 'text/html' } },
      },
      async ({ res }) => {
        res.type('html').send(page);
        return undefined;
      },
    ),
  ];
  // Made when it is first asked for, as few producers ever are; and the same bytes in every answer,
  // so that those nobody reads take up no memory of their own.
  let document: Buffer | undefined;
  const describeApi = (): Buffer => {
    const version = packageVersion();
    return Buffer.from(JSON.stringify(openApiDocument([...described, ...routes], { version })));
  };
  const page = Buffer.from(PAGE.replace('<!--sandbox-->', isSandbox ? SANDBOX : ''));
  return routes;
}

/** What the page at /docs is made of. */
export function makeDocsFiles(): Router {
  const router = express.Router();
  for (const name of FILES) serve(router, `/docs/${name}`, readFileSync(join(SWAGGER_UI, name)));
  serve(router, '/docs/open.js', Buffer.from(OPEN));
  return router;
}

function serve(router: Router, path: string, bytes: Buffer): void {
  router.get(path, (_req, res) => {
    res.type(extname(path)).send(bytes);
  });
}

const packageVersion = (): string =>
  (
    JSON.parse(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
      version: string;
    }
  ).version;
